//! Where secrets come from, and how a process shows who it is.

use serde::Deserialize;

use super::Secret;

/// Stands for the name of the module, or of the node, that reads the settings.
const READER: &str = "{module}";

/// The name of the reader in the place of `{module}`.
pub(crate) fn of_reader(text: &str, name: &str) -> String {
    text.replace(READER, name)
}

/// Where secrets come from: `[secrets]` of the settings.
///
/// In names and files `{module}` stands for the module that reads them, so that one node's settings serve all.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretsSettings {
    /// `file:<path>` or `vault:<url of the server>/<mount of a KV version 2 engine>`.
    #[serde(default = "default_url")]
    pub url: String,
    /// File: the key of an encrypted file, in a file of mode 0400; the credential `dcp-secrets-key` of systemd or the variable
    /// `DCP_SECRETS_KEY` when absent.
    pub key_file: Option<String>,
    /// Vault: a token, where there is no role.
    #[schemars(with = "Option<String>")]
    pub token: Option<Secret<String>>,
    /// Vault: id of an `AppRole`.
    pub role_id: Option<String>,
    /// Vault: file with the secret id of that role; read again at each login, so that it can be rotated.
    pub secret_id_file: Option<String>,
    /// Vault: file with a wrapping token instead, which gives the secret id once; the secret id stays in memory.
    pub wrapped_secret_id_file: Option<String>,
    /// Vault: role of the login method of Kubernetes.
    pub kubernetes_role: Option<String>,
    /// Vault: file with the token of the service account; where Kubernetes puts it when absent.
    pub kubernetes_token_file: Option<String>,
    /// Vault: mount of the login method; `approle` or `kubernetes` when absent.
    pub login_mount: Option<String>,
    /// Vault: `<mount>/<name>` of the key of a transit engine (Ed25519) that signs tokens and reports in the place of the secret
    /// `identity`; its private part never leaves the vault.
    pub transit: Option<String>,
}

fn default_url() -> String {
    "file:.dcp/secrets.toml".into()
}

impl Default for SecretsSettings {
    fn default() -> Self {
        Self {
            url: default_url(),
            key_file: None,
            token: None,
            role_id: None,
            secret_id_file: None,
            wrapped_secret_id_file: None,
            kubernetes_role: None,
            kubernetes_token_file: None,
            login_mount: None,
            transit: None,
        }
    }
}

impl SecretsSettings {
    /// The settings of one reader: its name in the place of `{module}`.
    #[must_use]
    pub fn of_reader(&self, name: &str) -> Self {
        let of = |text: &Option<String>| text.as_ref().map(|text| of_reader(text, name));
        Self {
            url: self.url.clone(),
            key_file: of(&self.key_file),
            token: self.token.clone(),
            role_id: of(&self.role_id),
            secret_id_file: of(&self.secret_id_file),
            wrapped_secret_id_file: of(&self.wrapped_secret_id_file),
            kubernetes_role: of(&self.kubernetes_role),
            kubernetes_token_file: of(&self.kubernetes_token_file),
            login_mount: self.login_mount.clone(),
            transit: self.transit.clone(),
        }
    }

    /// The variables by which a node hands these settings to its modules.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let token = self.token.as_ref().map(|token| token.expose().clone());
        [
            ("DCP__SECRETS__URL", Some(self.url.clone())),
            ("DCP__SECRETS__KEY_FILE", self.key_file.clone()),
            ("DCP__SECRETS__TOKEN", token),
            ("DCP__SECRETS__ROLE_ID", self.role_id.clone()),
            ("DCP__SECRETS__SECRET_ID_FILE", self.secret_id_file.clone()),
            (
                "DCP__SECRETS__WRAPPED_SECRET_ID_FILE",
                self.wrapped_secret_id_file.clone(),
            ),
            (
                "DCP__SECRETS__KUBERNETES_ROLE",
                self.kubernetes_role.clone(),
            ),
            (
                "DCP__SECRETS__KUBERNETES_TOKEN_FILE",
                self.kubernetes_token_file.clone(),
            ),
            ("DCP__SECRETS__LOGIN_MOUNT", self.login_mount.clone()),
            ("DCP__SECRETS__TRANSIT", self.transit.clone()),
        ]
        .into_iter()
        .filter_map(|(variable, value)| Some((variable, value?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_configuration_of_a_node_serves_each_of_its_modules() {
        let settings = SecretsSettings {
            role_id: Some("{module}".into()),
            secret_id_file: Some("/run/dcp/{module}.secret-id".into()),
            ..SecretsSettings::default()
        };
        let of_mvda = settings.of_reader("mvda");
        assert_eq!(of_mvda.role_id.as_deref(), Some("mvda"));
        assert_eq!(
            of_mvda.secret_id_file.as_deref(),
            Some("/run/dcp/mvda.secret-id")
        );
    }

    #[test]
    fn a_module_is_handed_what_is_set_and_nothing_else() {
        let settings = SecretsSettings {
            url: "vault:https://vault/dcp".into(),
            kubernetes_role: Some("{module}".into()),
            ..SecretsSettings::default()
        };
        let variables = settings.variables();
        assert_eq!(
            variables,
            [
                ("DCP__SECRETS__URL", "vault:https://vault/dcp".to_owned()),
                ("DCP__SECRETS__KUBERNETES_ROLE", "{module}".to_owned()),
            ]
        );
    }
}
