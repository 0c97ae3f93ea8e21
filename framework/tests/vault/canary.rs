//! Promise P20, as far as the vault goes: no secret, token or secret id in any log line, error or debug print.

use std::io::Write;
use std::sync::{Arc, Mutex};

use dcp::secrets::{Secrets as _, SecretsSettings, VaultLogin, get};
use reqwest::Method;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::roles::{open, password};
use crate::server::{Bao, CANARY, eventually};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Everything that every crate logs, at the most talkative level.
fn log_everything() -> (Written, tracing::subscriber::DefaultGuard) {
    let written = Written::default();
    let lines = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(written.clone())
        .finish();
    (written, tracing::subscriber::set_default(lines))
}

#[tokio::test]
async fn nothing_secret_is_found_in_logs_errors_and_debug_prints() {
    let Some(bao) = Bao::start("vault: canary").await else {
        return;
    };
    let settings = bao.role("mvda", "2s", "3s").await;
    let wrapped = bao.role("saw", "2s", "3s").await;
    let wrapped = SecretsSettings {
        secret_id_file: None,
        wrapped_secret_id_file: Some(bao.wrapped_secret_id("saw").await.display().to_string()),
        ..wrapped
    };
    let wrapping_token =
        std::fs::read_to_string(wrapped.wrapped_secret_id_file.as_ref().unwrap()).unwrap();
    let secret_id = std::fs::read_to_string(settings.secret_id_file.as_ref().unwrap()).unwrap();
    let (written, guard) = log_everything();
    let mut said = vec![format!(
        "{settings:?} {:?}",
        VaultLogin::of(&bao.token_settings(CANARY))
    )];
    let secrets = open(&settings).await.unwrap();
    let second = open(&wrapped).await.unwrap();
    assert_eq!(password(&second).await.unwrap(), CANARY);
    said.push(format!("{:?}", open(&wrapped).await.err()));
    said.push(format!(
        "{:?}",
        open(&bao.token_settings(CANARY)).await.err()
    ));
    said.push(format!("{:?}", secrets.read("pi/dryers").await.unwrap()));
    bao.call(
        Method::POST,
        "sys/leases/revoke-prefix/auth/approle",
        json!({}),
    )
    .await;
    assert_eq!(password(&secrets).await.unwrap(), CANARY);
    said.push(format!(
        "{:?}",
        get(&secrets, "pi/dryers", "nothing").await.err()
    ));
    bao.seal().await;
    eventually("nothing is given out", async || {
        match password(&secrets).await {
            Ok(_) => false,
            Err(error) => {
                said.push(error);
                true
            }
        }
    })
    .await;
    drop(guard);
    said.push(String::from_utf8(written.0.lock().unwrap().clone()).unwrap());
    let said = said.join("\n");
    assert!(
        said.contains("the vault is away") && said.contains("auth/approle/login"),
        "the log is not empty"
    );
    let tokens =
        said.matches("hvs.").count() + said.matches(" s.").count() + said.matches("\"s.").count();
    assert_eq!(tokens, 0, "a token of the vault is in the log");
    for secret in [CANARY, secret_id.trim(), wrapping_token.trim()] {
        assert!(
            !said.contains(secret),
            "{secret} is in: {}",
            said.lines()
                .find(|line| line.contains(secret))
                .unwrap_or_default()
        );
    }
}
