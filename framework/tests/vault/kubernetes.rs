//! A service account of Kubernetes, which the vault lets its cluster review: here a small server that answers as the cluster does.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dcp::secrets::SecretsSettings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::roles::{open, password};
use crate::server::{Bao, CANARY, eventually};

type Reviewed = Arc<Mutex<Vec<String>>>;

/// Reviews every token as one of the account `mvda`, unless it ends in `.forged`.
async fn review(State(reviewed): State<Reviewed>, body: String) -> impl IntoResponse {
    let review: Value = serde_json::from_str(&body).unwrap();
    let token = review["spec"]["token"].as_str().unwrap().to_owned();
    let status = if token.ends_with(".forged") {
        json!({"authenticated": false, "error": "invalid bearer token"})
    } else {
        json!({"authenticated": true, "audiences": review["spec"]["audiences"], "user": {
            "username": "system:serviceaccount:dcp:mvda", "uid": "0198-mvda",
            "groups": ["system:serviceaccounts", "system:serviceaccounts:dcp"],
        }})
    };
    reviewed.lock().unwrap().push(token);
    let answer =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status});
    let json = [(CONTENT_TYPE, "application/json")];
    (StatusCode::CREATED, json, answer.to_string())
}

async fn cluster() -> (String, Reviewed) {
    let reviewed = Reviewed::default();
    let app = Router::new()
        .route("/apis/authentication.k8s.io/v1/tokenreviews", post(review))
        .with_state(reviewed.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, reviewed)
}

/// A token as Kubernetes projects it; only the cluster checks its signature.
fn account(name: &str, signature: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({"alg": "RS256", "typ": "JWT"}));
    let claims = part(json!({
        "iss": "https://kubernetes.default.svc.cluster.local", "sub": format!("system:serviceaccount:dcp:{name}"),
        "aud": ["https://kubernetes.default.svc.cluster.local"], "exp": 4_000_000_000_u64, "iat": 1_700_000_000,
        "kubernetes.io": {"namespace": "dcp", "serviceaccount": {"name": name, "uid": format!("0198-{name}")}},
    }));
    format!("{head}.{claims}.{signature}")
}

#[tokio::test]
async fn a_service_account_is_reviewed_by_its_cluster_at_each_login() {
    let Some(bao) = Bao::start("vault: Kubernetes").await else {
        return;
    };
    bao.role("mvda", "1h", "1h").await;
    let (cluster, reviewed) = cluster().await;
    bao.call(
        Method::POST,
        "sys/auth/kubernetes",
        json!({"type": "kubernetes"}),
    )
    .await;
    let config = json!({"kubernetes_host": cluster, "token_reviewer_jwt": account("vault", "c2lnbmVk"), "kubernetes_ca_cert": "the cluster speaks plain HTTP", "disable_local_ca_jwt": true});
    bao.call(Method::POST, "auth/kubernetes/config", config)
        .await;
    let role = json!({
        "bound_service_account_names": ["mvda"], "bound_service_account_namespaces": ["dcp"],
        "token_policies": ["mvda"], "token_ttl": "2s", "token_max_ttl": "3s",
    });
    bao.call(Method::POST, "auth/kubernetes/role/mvda", role)
        .await;
    let file = bao.folder.path().join("account");
    std::fs::write(&file, account("mvda", "c2lnbmVk")).unwrap();
    let settings = SecretsSettings {
        kubernetes_role: Some("{module}".into()),
        kubernetes_token_file: Some(file.display().to_string()),
        ..bao.settings()
    };
    let settings = settings.of_reader("mvda");
    let secrets = open(&settings).await.unwrap();
    assert_eq!(password(&secrets).await.unwrap(), CANARY);
    // Kubernetes renews the file; the next login shows what stands in it then.
    let renewed = account("mvda", "cmVuZXdlZA");
    std::fs::write(&file, &renewed).unwrap();
    eventually("a login with the renewed token", async || {
        assert_eq!(password(&secrets).await.unwrap(), CANARY);
        reviewed.lock().unwrap().contains(&renewed)
    })
    .await;
    std::fs::write(&file, account("saw", "c2lnbmVk")).unwrap();
    assert!(
        open(&settings)
            .await
            .err()
            .unwrap()
            .contains("check role, credential and policy")
    );
    std::fs::write(&file, account("mvda", "forged")).unwrap();
    assert!(open(&settings).await.is_err());
}
