//! Users and roles, through the real program.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each module uses a part of it"
)]
#[path = "../../../framework/tests/support/module_process.rs"]
mod module_process;

use module_process::{Module, hide, stable};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const MANAGE: &[(&str, &[&str])] = &[("*", &["administration.read", "administration.manage"])];

async fn start() -> (Module, String) {
    let administration = Module::start(
        "administration",
        env!("CARGO_BIN_EXE_administration"),
        "",
        &[("DCP__MODULE__DEMO", "true")],
    )
    .await;
    let token = administration.token("u-admin", MANAGE);
    (administration, token)
}

async fn user(administration: &Module, token: &str, login: &str) -> Value {
    let (_, users) = administration.get("/api/administration/users", token).await;
    users
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["login"] == login)
        .unwrap()
        .clone()
}

#[tokio::test]
async fn the_demo_users_hold_their_roles_and_appear_once() {
    let (mut administration, token) = start().await;
    let (_, users) = administration
        .get("/api/administration/users", &token)
        .await;
    insta::assert_json_snapshot!("demo_users", hide(users.clone(), &["id", "created_at"]));
    assert_eq!(administration.stop(), Some(0));
    administration.run().await;
    assert_eq!(
        administration
            .get("/api/administration/users", &token)
            .await
            .1,
        users
    );
}

#[tokio::test]
async fn a_demo_that_starts_again_with_more_sites_gives_its_users_their_roles_there_and_takes_none_away()
 {
    let (mut administration, token) = start().await;
    let analyst = user(&administration, &token, "analyst").await;
    let path = format!(
        "/api/administration/users/{}/grants",
        analyst["id"].as_str().unwrap()
    );
    let own = json!({ "role": "scientist", "site": "dublin" });
    let fewer = json!([{ "role": "analyst", "site": "basel" }, own]);
    let (status, _) = administration
        .send(Method::PUT, &path, &token, &fewer)
        .await;
    assert_eq!(status, 200);
    let untouched = user(&administration, &token, "scientist").await;
    assert_eq!(administration.stop(), Some(0));
    administration.run().await;
    let widened = user(&administration, &token, "analyst").await;
    let at = |site: &str| json!({ "role": "analyst", "site": site });
    let mut grants = widened["grants"].as_array().unwrap().clone();
    grants.sort_by_key(ToString::to_string);
    assert_eq!(grants, [at("basel"), at("stein"), at("visp"), own]);
    assert_eq!(user(&administration, &token, "scientist").await, untouched);
}

#[tokio::test]
async fn a_user_is_made_changed_and_deactivated_but_the_name_stays_taken() {
    let (administration, token) = start().await;
    let new = json!({ "login": "Eve.Novak", "name": " Eve Novak ", "email": "eve@example.org", "grants": [{ "role": "analyst", "site": "basel" }] });
    let (status, made) = administration
        .send(Method::POST, "/api/administration/users", &token, &new)
        .await;
    assert_eq!(
        (status, made["login"].as_str(), made["name"].as_str()),
        (StatusCode::OK, Some("eve.novak"), Some("Eve Novak"))
    );
    let path = format!("/api/administration/users/{}", made["id"].as_str().unwrap());
    let (status, changed) = administration
        .send(
            Method::PUT,
            &path,
            &token,
            &json!({ "name": "Eve N.", "email": "", "active": false }),
        )
        .await;
    assert_eq!(
        (status, &changed["active"], &changed["grants"]),
        (StatusCode::OK, &json!(false), &made["grants"])
    );
    let (status, problem) = administration
        .send(Method::POST, "/api/administration/users", &token, &new)
        .await;
    assert_eq!(status, 409);
    insta::assert_json_snapshot!("name_taken", stable(problem));
}

#[tokio::test]
async fn wrong_input_is_named_part_by_part() {
    let (administration, token) = start().await;
    for (body, pointer) in [
        (json!({ "login": "a b", "name": "x" }), "/login"),
        (json!({ "login": "eve", "name": " " }), "/name"),
        (
            json!({ "login": "eve", "name": "Eve", "email": "nowhere" }),
            "/email",
        ),
        (
            json!({ "login": "eve", "name": "Eve", "grants": [{ "role": "king", "site": "basel" }] }),
            "/grants/0/role",
        ),
        (
            json!({ "login": "eve", "name": "Eve", "grants": [{ "role": "analyst", "site": "ba sel" }] }),
            "/grants/0/site",
        ),
        (
            json!({ "login": "eve", "name": "Eve", "grants": [{ "role": "analyst" }] }),
            "/grants/0",
        ),
    ] {
        let (status, problem) = administration
            .send(Method::POST, "/api/administration/users", &token, &body)
            .await;
        assert_eq!(
            (status, problem["errors"][0]["pointer"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(pointer)),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let (administration, token) = start().await;
    let admin = user(&administration, &token, "administrator").await;
    let path = format!(
        "/api/administration/users/{}",
        admin["id"].as_str().unwrap()
    );
    let (status, problem) = administration
        .send(
            Method::PUT,
            &path,
            &token,
            &json!({ "name": "Ada", "active": false }),
        )
        .await;
    assert_eq!(status, 409);
    insta::assert_json_snapshot!("last_administrator", stable(problem));
    assert_eq!(
        administration
            .send(Method::PUT, &format!("{path}/grants"), &token, &json!([]))
            .await
            .0,
        409
    );
    assert_eq!(
        user(&administration, &token, "administrator").await,
        admin,
        "nothing has changed"
    );

    let second = json!({ "login": "second", "name": "Second", "grants": [{ "role": "administrator", "site": "*" }] });
    assert_eq!(
        administration
            .send(Method::POST, "/api/administration/users", &token, &second)
            .await
            .0,
        200
    );
    assert_eq!(
        administration
            .send(
                Method::PUT,
                &path,
                &token,
                &json!({ "name": "Ada", "active": false })
            )
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_role_is_made_given_and_changed_and_the_built_in_ones_are_fixed() {
    let (administration, token) = start().await;
    let role = json!({ "name": "Reviewer", "description": "Looks at models", "permissions": ["mvda.read"] });
    let (status, made) = administration
        .send(Method::POST, "/api/administration/roles", &token, &role)
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        administration
            .send(Method::POST, "/api/administration/roles", &token, &role)
            .await
            .0,
        409
    );
    let id = made["id"].as_str().unwrap();
    let analyst = user(&administration, &token, "analyst").await;
    let path = format!(
        "/api/administration/users/{}/grants",
        analyst["id"].as_str().unwrap()
    );
    let (status, given) = administration
        .send(
            Method::PUT,
            &path,
            &token,
            &json!([{ "role": id, "site": "dublin" }]),
        )
        .await;
    assert_eq!(
        (status, &given["grants"]),
        (StatusCode::OK, &json!([{ "role": id, "site": "dublin" }]))
    );
    let changed = json!({ "name": "Reviewer", "permissions": ["mvda.read", "saw.use"] });
    let (status, shown) = administration
        .send(
            Method::PUT,
            &format!("/api/administration/roles/{id}"),
            &token,
            &changed,
        )
        .await;
    assert_eq!(
        (status, &shown["permissions"]),
        (StatusCode::OK, &json!(["mvda.read", "saw.use"]))
    );
    let (status, problem) = administration
        .send(
            Method::PUT,
            "/api/administration/roles/analyst",
            &token,
            &changed,
        )
        .await;
    assert_eq!(status, 409);
    insta::assert_json_snapshot!("built_in_role", stable(problem));
    let (_, roles) = administration
        .get("/api/administration/roles", &token)
        .await;
    insta::assert_json_snapshot!("roles", hide(roles, &["id"]));
}

#[tokio::test]
async fn a_right_at_one_site_does_not_manage_the_platform() {
    let (administration, _) = start().await;
    let local = administration.token(
        "u-local",
        &[("basel", &["administration.read", "administration.manage"])],
    );
    let (status, problem) = administration
        .get("/api/administration/users?site=basel", &local)
        .await;
    assert_eq!(status, 403);
    insta::assert_json_snapshot!("not_everywhere", stable(problem));
}

#[tokio::test]
async fn every_permission_of_the_built_in_roles_is_listed() {
    let (administration, token) = start().await;
    let (status, permissions) = administration
        .get("/api/administration/permissions", &token)
        .await;
    assert_eq!(status, 200);
    insta::assert_json_snapshot!("permissions", permissions);
}

#[tokio::test]
async fn the_api_is_as_described_and_refuses_strangers() {
    let (administration, _) = start().await;
    administration.refuses_strangers().await;
    insta::assert_json_snapshot!("openapi", administration.openapi().await);
}

#[tokio::test]
async fn the_secret_names_the_first_administrator_and_nobody_later() {
    let secrets = "[first-administrator]\nlogin = \"ada\"\ncode = \"A-B\"\n";
    let mut administration = Module::start(
        "administration",
        env!("CARGO_BIN_EXE_administration"),
        secrets,
        &[],
    )
    .await;
    let token = administration.token("u-admin", MANAGE);
    let ada = user(&administration, &token, "ada").await;
    let grant = &ada["grants"][0];
    assert_eq!(
        (&grant["role"], &grant["site"]),
        (&json!("administrator"), &json!("*"))
    );
    // Another name in the secret makes nobody on a platform that has users.
    let file = administration.folder.path().join("secrets.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"ada\"", "\"eve\"")).unwrap();
    assert_eq!(administration.stop(), Some(0));
    administration.run().await;
    let (_, users) = administration
        .get("/api/administration/users", &token)
        .await;
    assert_eq!(users.as_array().unwrap().len(), 1, "{users}");
}
