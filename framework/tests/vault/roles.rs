//! Roles, secret ids and tokens of a test's vault, and the provider that reads with them.

use std::path::PathBuf;

use dcp::secrets::{Secret, SecretsSettings, TransitKey, VaultLogin, VaultSecrets};
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::Bao;

impl Bao {
    /// What the vault itself has recorded as granted, by path.
    pub(crate) fn granted(&self, path: &str) -> usize {
        let log = std::fs::read_to_string(self.folder.path().join("audit.log")).unwrap();
        let is_grant = |line: &&str| {
            line.contains(path)
                && serde_json::from_str::<Value>(line).is_ok_and(|entry| {
                    entry["type"] == "response"
                        && entry["request"]["path"] == path
                        && entry["error"].is_null()
                        && entry["auth"]["client_token"].is_string()
                })
        };
        log.lines().filter(is_grant).count()
    }

    /// A role that may read everything below `dcp/`, with a secret id in a file.
    pub(crate) async fn role(&self, name: &str, lease: &str, longest: &str) -> SecretsSettings {
        let policy = json!({"policy": "path \"dcp/data/*\" { capabilities = [\"read\"] }"});
        self.call(Method::PUT, &format!("sys/policies/acl/{name}"), policy)
            .await;
        let role = json!({"token_policies": [name], "token_ttl": lease, "token_max_ttl": longest});
        self.call(Method::POST, &format!("auth/approle/role/{name}"), role)
            .await;
        let id = json!({"role_id": name});
        self.call(
            Method::POST,
            &format!("auth/approle/role/{name}/role-id"),
            id,
        )
        .await;
        let file = self.folder.path().join(name);
        std::fs::write(&file, self.secret_id(name).await).unwrap();
        SecretsSettings {
            role_id: Some(name.to_owned()),
            secret_id_file: Some(file.display().to_string()),
            ..self.settings()
        }
    }

    pub(crate) async fn secret_id(&self, role: &str) -> String {
        let path = format!("auth/approle/role/{role}/secret-id");
        let made = self.call(Method::POST, &path, json!({})).await;
        made["data"]["secret_id"].as_str().unwrap().to_owned()
    }

    /// A secret id behind a wrapping token, in a file.
    pub(crate) async fn wrapped_secret_id(&self, role: &str) -> PathBuf {
        let path = format!("{}/v1/auth/approle/role/{role}/secret-id", self.address);
        let asked = self.http.post(path).header("X-Vault-Token", &self.root);
        let asked = asked.header("X-Vault-Wrap-TTL", "60s").json(&json!({}));
        let made: Value = asked.send().await.unwrap().json().await.unwrap();
        let file = self.folder.path().join(format!("{role}.wrapped"));
        std::fs::write(&file, made["wrap_info"]["token"].as_str().unwrap()).unwrap();
        file
    }

    /// Settings that name this vault and no login.
    pub(crate) fn settings(&self) -> SecretsSettings {
        SecretsSettings {
            url: format!("vault:{}/dcp", self.address),
            ..SecretsSettings::default()
        }
    }

    pub(crate) fn token_settings(&self, token: &str) -> SecretsSettings {
        SecretsSettings {
            token: Some(Secret::new(token.to_owned())),
            ..self.settings()
        }
    }
}

/// Opens the provider, as a process does at its start.
pub(crate) async fn open(settings: &SecretsSettings) -> Result<VaultSecrets, String> {
    let place = settings.url.strip_prefix("vault:").unwrap();
    let login = VaultLogin::of(settings).map_err(|error| error.to_string())?;
    let transit = TransitKey::of(settings).map_err(|error| error.to_string())?;
    VaultSecrets::open(place, login, transit)
        .await
        .map_err(|error| error.to_string())
}

/// The password of `pi/dryers`, or why there is none.
pub(crate) async fn password(secrets: &VaultSecrets) -> Result<String, String> {
    let read = dcp::secrets::get(secrets, "pi/dryers", "password").await;
    read.map(|password| password.expose().clone())
        .map_err(|error| error.to_string())
}
