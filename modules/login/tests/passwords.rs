//! Setting and changing passwords, through the real program.

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
use setup::module_process::{Module, stable};
use setup::{PASSWORD, cookie, resolve, sign_in, start, user};

const ACTIVATE: &str = "/api/login/activate";
const CODE: &str = "ABCDE-FGHJK-LMNPQ-RSTUV-WXYZ2";

#[tokio::test]
async fn a_code_sets_the_first_password_once() {
    let login = start().await;
    let admin = login.token("u-admin", &[("*", &["administration.manage"])]);
    let (status, issued) = login
        .send(
            Method::POST,
            "/api/login/accounts/u-ben/activation",
            &admin,
            &json!({}),
        )
        .await;
    assert_eq!(status, 200);
    let activate = |password: &'static str| json!({ "login": "ben", "code": issued["code"], "password": password });
    let (status, problem) = login
        .send(Method::POST, ACTIVATE, "", &activate("too short"))
        .await;
    assert_eq!(status, 422);
    insta::assert_json_snapshot!("short_password", stable(problem));
    let (status, session) = login
        .send(
            Method::POST,
            ACTIVATE,
            "",
            &activate("correct horse battery"),
        )
        .await;
    assert_eq!(
        (status, session["user"]["login"].as_str()),
        (StatusCode::OK, Some("ben"))
    );
    assert_eq!(
        login
            .send(Method::POST, ACTIVATE, "", &activate("another good one"))
            .await
            .0,
        401,
        "a code is used once"
    );
    assert_eq!(
        sign_in(&login, "ben", "correct horse battery", "10.0.0.2")
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let login = start().await;
    let (first, second) = (
        cookie(&sign_in(&login, "ana", PASSWORD, "10.0.0.1").await),
        cookie(&sign_in(&login, "ana", PASSWORD, "10.0.0.1").await),
    );
    let session = resolve(&login, &first).await.1["session"]
        .as_str()
        .unwrap()
        .to_owned();
    let ana = login.sign("ana", Kind::User, &[], &session);
    let wrong = json!({ "old": "no", "new": "a much better password" });
    assert_eq!(
        login
            .send(
                Method::POST,
                "/api/login/password",
                &login.sign("u-ana", Kind::User, &[], &session),
                &wrong
            )
            .await
            .0,
        401
    );
    assert_eq!(
        login
            .send(
                Method::POST,
                "/api/login/password",
                &ana,
                &json!({ "old": PASSWORD, "new": "ana is my name" })
            )
            .await
            .0,
        422
    );
    let change = json!({ "old": PASSWORD, "new": "a much better password" });
    assert_eq!(
        login
            .send(
                Method::POST,
                "/api/login/password",
                &login.sign("u-ana", Kind::User, &[], &session),
                &change
            )
            .await
            .0,
        204
    );
    assert_eq!(
        (
            resolve(&login, &first).await.0,
            resolve(&login, &second).await.0
        ),
        (StatusCode::OK, StatusCode::UNAUTHORIZED)
    );
    assert_eq!(
        sign_in(&login, "ana", "a much better password", "10.0.0.1")
            .await
            .status(),
        200
    );
}

/// A platform without demo accounts whose secret names `first` as its first administrator.
async fn start_with_first_administrator(first: &str) -> Module {
    let secrets = format!("[first-administrator]\nlogin = \"{first}\"\ncode = \"{CODE}\"\n");
    Module::start("login", env!("CARGO_BIN_EXE_login"), &secrets, &[]).await
}

async fn activate(login: &Module, name: &str, password: &str) -> (StatusCode, Value) {
    let body = json!({ "login": name, "code": CODE, "password": password });
    login.send(Method::POST, ACTIVATE, "", &body).await
}

#[tokio::test]
async fn the_first_administrator_enters_with_the_code_of_the_secret_once() {
    let mut login = start_with_first_administrator("Ada").await;
    login.publish(&user("u-ada", "ada", true)).await;
    login.publish(&user("u-ben", "ben", true)).await;
    // The account is older than this start: the code is put again.
    assert_eq!(login.stop(), Some(0));
    login.run().await;
    assert_eq!(
        activate(&login, "ben", "correct horse battery").await.0,
        401,
        "the code is nobody else's"
    );
    let (status, session) = activate(&login, "ada", "correct horse battery").await;
    assert_eq!(
        (status, &session["user"]["login"]),
        (StatusCode::OK, &json!("ada"))
    );

    // Worthless from now on: at once, when the account changes, and after a restart.
    let again = "another good password";
    assert_eq!(activate(&login, "ada", again).await.0, 401);
    login.publish(&user("u-ada", "ada", true)).await;
    assert_eq!(activate(&login, "ada", again).await.0, 401);
    let signed_in = sign_in(&login, "ada", "correct horse battery", "10.0.0.9").await;
    assert_eq!(signed_in.status(), 200);
    assert_eq!(login.stop(), Some(0));
    login.run().await;
    assert_eq!(activate(&login, "ada", again).await.0, 401);
}

#[tokio::test]
async fn the_code_of_the_secret_opens_no_account_that_is_not_active() {
    let login = start_with_first_administrator("ada").await;
    login.publish(&user("u-ada", "ada", false)).await;
    assert_eq!(
        activate(&login, "ada", "correct horse battery").await.0,
        401
    );
    login.publish(&user("u-ada", "ada", true)).await;
    assert_eq!(
        activate(&login, "ada", "correct horse battery").await.0,
        200
    );
}

#[tokio::test]
async fn half_a_secret_lets_nobody_in_and_stops_nothing() {
    let half = "[first-administrator]\nlogin = \"ada\"\n";
    let login = Module::start("login", env!("CARGO_BIN_EXE_login"), half, &[]).await;
    login.publish(&user("u-ada", "ada", true)).await;
    assert_eq!(
        activate(&login, "ada", "correct horse battery").await.0,
        401
    );
}
