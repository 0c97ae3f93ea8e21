//! The way in for the first administrator: the code of the secret that `administration` makes the user from.
//!
//! The code is put whenever the person has never had a password, at start and when the account arrives: so a restart
//! renews one that has ended, and none outlives the first password.

use dcp::identity::{FIRST_ADMINISTRATOR, FirstAdministrator, first_administrator};
use dcp::params;
use dcp::secrets::{Secrets, SecretsError};
use dcp::store::{StoreError, Tx};

use crate::Login;
use crate::accounts::{Account, normalised};
use crate::activation::fingerprint_of_code;
use crate::limits::ACTIVATION;

/// Who may enter with the code of the secret; nobody when the secret is not there or not whole.
pub(crate) async fn read(
    secrets: &dyn Secrets,
) -> Result<Option<FirstAdministrator>, SecretsError> {
    match first_administrator(secrets).await {
        Err(SecretsError::Missing(what)) => {
            tracing::error!(
                missing = what,
                "the secret {FIRST_ADMINISTRATOR} is not whole: the first administrator cannot sign in; write both keys and start this module again"
            );
            Ok(None)
        }
        read => read,
    }
}

impl Login {
    /// Puts the code for a person who has been there since before the start.
    pub async fn expect_first_administrator(&self) -> Result<(), StoreError> {
        let Some(first) = self.first.as_deref() else {
            return Ok(());
        };
        let mut tx = self.store.begin().await?;
        self.put_first_code(&mut tx, &normalised(&first.login))
            .await?;
        tx.commit().await
    }

    /// Puts the code if this is the account of the first administrator and has never had a password.
    pub(crate) async fn put_first_code(
        &self,
        tx: &mut Tx<'_>,
        login: &str,
    ) -> Result<(), StoreError> {
        let Some(first) = self
            .first
            .as_deref()
            .filter(|first| normalised(&first.login) == login)
        else {
            return Ok(());
        };
        let account: Option<Account> = tx
            .call("account_by_login", params![login])
            .await?
            .optional()?;
        let Some(account) =
            account.filter(|account| account.active && account.password_hash.is_none())
        else {
            return Ok(());
        };
        let code = fingerprint_of_code(&first.code);
        let expires_at = tx.now() + ACTIVATION;
        tx.call(
            "activation_put",
            params![&account.user_id, code, expires_at],
        )
        .await?;
        tracing::info!(
            login,
            "the first administrator can set a password with the code of the secret {FIRST_ADMINISTRATOR}"
        );
        Ok(())
    }
}
