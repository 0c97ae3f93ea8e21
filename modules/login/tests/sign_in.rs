//! Signing in, through the real program.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test uses a part of it"
)]
mod setup;

use dcp::identity::Kind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use setup::module_process::{self, Module, hide, stable};
use setup::{PASSWORD, cookie, resolve, sign_in, start, user};

#[tokio::test]
async fn a_session_begins_with_the_password_and_ends_at_sign_out() {
    let mut login = start().await;
    let answer = sign_in(&login, " Ana ", PASSWORD, "10.0.0.1").await;
    assert_eq!(answer.status(), 200);
    let secret = cookie(&answer);
    let session: Value = answer.json().await.unwrap();
    insta::assert_json_snapshot!("session", hide(session.clone(), &["expires_at"]));

    let (status, found) = resolve(&login, &secret).await;
    assert_eq!(
        (status, &found["id"], &found["grants"]["basel"]),
        (StatusCode::OK, &json!("u-ana"), &json!(["mvda.read"]))
    );
    assert_eq!(login.stop(), Some(0), "a stop is clean");
    login.run().await;
    assert_eq!(
        resolve(&login, &secret).await.0,
        200,
        "a session outlives the process"
    );

    let token = login.sign("u-ana", Kind::User, &[], found["session"].as_str().unwrap());
    let (status, shown) = login.get("/api/login/session", &token).await;
    assert_eq!((status, &shown["user"]), (StatusCode::OK, &session["user"]));
    assert_eq!(
        login
            .request(Method::DELETE, "/api/login/session", &token)
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    let (status, problem) = resolve(&login, &secret).await;
    assert_eq!(status, 401);
    insta::assert_json_snapshot!("ended_credential", stable(problem));
    assert_eq!(login.get("/api/login/session", &token).await.0, 401);
}

#[tokio::test]
async fn wrong_names_and_passwords_look_alike_and_make_wait() {
    let login = start().await;
    let wrong = module_process::read(sign_in(&login, "ana", "wrong", "10.0.0.1").await).await;
    let unknown = module_process::read(sign_in(&login, "nobody", "wrong", "10.0.0.1").await).await;
    let without = module_process::read(sign_in(&login, "ben", "wrong", "10.0.0.1").await).await;
    assert_eq!(
        (wrong.0, unknown.0, without.0),
        (
            StatusCode::UNAUTHORIZED,
            StatusCode::UNAUTHORIZED,
            StatusCode::UNAUTHORIZED
        )
    );
    let wrong = stable(wrong.1);
    assert!(wrong == stable(unknown.1) && wrong == stable(without.1));
    insta::assert_json_snapshot!("bad_credentials", wrong);

    // The owner signs in from a known address; then a stranger guesses.
    assert_eq!(
        sign_in(&login, "ana", PASSWORD, "10.0.0.1").await.status(),
        200
    );
    let mut slowed = None;
    for _ in 0..8 {
        let answer = sign_in(&login, "ana", "guess", "10.6.6.6").await;
        if answer.status() == 429 {
            slowed = Some(answer);
            break;
        }
    }
    let slowed = slowed.expect("guessing is slowed");
    assert!(
        slowed.headers()["retry-after"]
            .to_str()
            .unwrap()
            .parse::<u32>()
            .unwrap()
            >= 1
    );
    insta::assert_json_snapshot!("slowed", stable(slowed.json().await.unwrap()));
    assert_eq!(
        sign_in(&login, "ana", PASSWORD, "10.0.0.1").await.status(),
        200,
        "the owner does not wait"
    );
}

#[tokio::test]
async fn parallel_guesses_do_not_overtake_the_count() {
    let login = start().await;
    let guesses = (0..20).map(|_| sign_in(&login, "ana", "guess", "10.6.6.6"));
    let answers = futures_util::future::join_all(guesses).await;
    let looked_at = answers
        .iter()
        .filter(|answer| answer.status() == 401)
        .count();
    assert!(looked_at <= 5, "{looked_at} of 20 guesses were looked at");
}

#[tokio::test]
async fn a_deactivated_user_is_out_at_once() {
    let login = start().await;
    let secret = cookie(&sign_in(&login, "ana", PASSWORD, "10.0.0.1").await);
    assert_eq!(resolve(&login, &secret).await.0, 200);
    login.publish(&user("u-ana", "ana", false)).await;
    assert_eq!(resolve(&login, &secret).await.0, 401);
    assert_eq!(
        sign_in(&login, "ana", PASSWORD, "10.0.0.1").await.status(),
        401
    );
}

#[tokio::test]
async fn an_api_token_works_until_it_is_ended() {
    let login = start().await;
    let ana = login.token("u-ana", &[]);
    let (status, made) = login
        .send(
            Method::POST,
            "/api/login/tokens",
            &ana,
            &json!({ "name": "nightly", "ttl_days": 30 }),
        )
        .await;
    assert_eq!(status, 200);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("dcp_") && token.len() > 40);
    assert_eq!(resolve(&login, token).await.1["id"], "u-ana");
    let (_, listed) = login.get("/api/login/tokens", &ana).await;
    assert_eq!(
        (listed[0]["name"].as_str(), listed[0].get("token")),
        (Some("nightly"), None)
    );
    let path = format!("/api/login/tokens/{}", made["id"].as_str().unwrap());
    let ben = login.token("u-ben", &[]);
    assert_eq!(
        login
            .request(Method::DELETE, &path, &ben)
            .send()
            .await
            .unwrap()
            .status(),
        404,
        "another one's token"
    );
    assert_eq!(
        login
            .request(Method::DELETE, &path, &ana)
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    assert_eq!(resolve(&login, token).await.0, 401);
    let (status, problem) = login
        .send(
            Method::POST,
            "/api/login/tokens",
            &ana,
            &json!({ "name": "x", "ttl_days": 367 }),
        )
        .await;
    assert_eq!(
        (status, problem["errors"][0]["pointer"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("/ttl_days"))
    );
}

#[tokio::test]
async fn a_module_is_known_by_its_credential_and_the_edge_by_its_key() {
    let login = start().await;
    let (status, found) = resolve(&login, "svc_mvda_0123456789").await;
    assert_eq!(status, 200);
    insta::assert_json_snapshot!("module", found);
    for wrong in [
        "svc_mvda_0123456780",
        "svc_mvda_",
        "svc_",
        "svc_gone_1",
        "svc_../edge_x",
        "",
    ] {
        assert_eq!(resolve(&login, wrong).await.0, 401, "{wrong}");
    }
    let (status, problem) = login
        .send(
            Method::POST,
            "/internal/resolve",
            "",
            &json!({ "credential": "svc_mvda_0123456789" }),
        )
        .await;
    assert_eq!(status, 403);
    insta::assert_json_snapshot!("not_the_edge", stable(problem));
}

#[tokio::test]
async fn the_api_is_as_described_and_refuses_strangers() {
    let login = start().await;
    login.refuses_strangers().await;
    insta::assert_json_snapshot!("openapi", login.openapi().await);
}

#[tokio::test]
async fn a_demo_is_degraded_until_its_last_user_can_log_in() {
    let secrets = format!("['demo/users']\nanalyst = \"{PASSWORD}\"\noperator = \"{PASSWORD}\"\n");
    let demo = [("DCP__MODULE__DEMO", "true")];
    let login = Module::start("login", env!("CARGO_BIN_EXE_login"), &secrets, &demo).await;
    let awaited = async || {
        let (status, report) = login.get("/health/ready", "").await;
        assert_eq!(status, 200, "{report}");
        report["checks"]["demo_users"].as_str().unwrap().to_owned()
    };
    assert!(awaited().await.contains("user analyst has not come"));
    login.publish(&user("u-analyst", "analyst", true)).await;
    assert!(awaited().await.contains("user operator has not come"));
    login.publish(&user("u-operator", "operator", true)).await;
    assert_eq!(awaited().await, "ok");
    for name in ["analyst", "operator"] {
        let answer = sign_in(&login, name, PASSWORD, "10.0.0.1").await;
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn no_secret_is_stored() {
    let mut login = start().await;
    let secret = cookie(&sign_in(&login, "ana", PASSWORD, "10.0.0.1").await);
    login.stop();
    for file in std::fs::read_dir(login.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().is_some_and(|name| name == "secrets.toml") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for canary in [secret.as_bytes(), PASSWORD.as_bytes()] {
            assert!(
                !bytes.windows(canary.len()).any(|window| window == canary),
                "{} holds a secret",
                path.display()
            );
        }
    }
}
