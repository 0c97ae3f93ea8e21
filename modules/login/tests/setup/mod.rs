//! The login module with two people, and what they do.

#[path = "../../../../framework/tests/support/module_process.rs"]
pub(crate) mod module_process;

use dcp::events::Actor;
use dcp::events::administration::{User, UserChanged};
use module_process::{Module, grants};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const SECRETS: &str = "['demo/users']\nana = \"ana-has-a-password\"\n['service/mvda']\ntoken = \"svc_mvda_0123456789\"\n";
pub(crate) const PASSWORD: &str = "ana-has-a-password";

pub(crate) async fn start() -> Module {
    let login = Module::start(
        "login",
        env!("CARGO_BIN_EXE_login"),
        SECRETS,
        &[("DCP__MODULE__DEMO", "true")],
    )
    .await;
    login.publish(&user("u-ana", "ana", true)).await;
    login.publish(&user("u-ben", "ben", true)).await;
    login
}

pub(crate) fn user(id: &str, login: &str, active: bool) -> UserChanged {
    let user = User {
        id: id.into(),
        login: login.into(),
        name: format!("Name of {login}"),
        email: String::new(),
        active,
    };
    let by = Actor {
        id: "u-admin".into(),
        name: "Admin".into(),
    };
    UserChanged {
        user,
        grants: grants(&[("basel", &["mvda.read"])]),
        by,
        at: jiff::Timestamp::UNIX_EPOCH,
    }
}

pub(crate) async fn sign_in(
    login: &Module,
    name: &str,
    password: &str,
    address: &str,
) -> reqwest::Response {
    let body = json!({ "login": name, "password": password });
    login
        .request(Method::POST, "/api/login/session", "")
        .header("x-forwarded-for", address)
        .json(&body)
        .send()
        .await
        .unwrap()
}

pub(crate) fn cookie(answer: &reqwest::Response) -> String {
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    cookie
        .strip_prefix("__Host-dcp-session=")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

pub(crate) async fn resolve(login: &Module, credential: &str) -> (StatusCode, Value) {
    let request = login
        .request(Method::POST, "/internal/resolve", "")
        .header("dcp-edge-key", "edge-key");
    module_process::read(
        request
            .json(&json!({ "credential": credential }))
            .send()
            .await
            .unwrap(),
    )
    .await
}
