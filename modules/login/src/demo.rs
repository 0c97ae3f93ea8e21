//! The demo users: they come from the module administration as all users do, and have their passwords from the secrets.
//!
//! Until the last of them has come the module is degraded, so that nobody is told a password that is not valid yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dcp::Start;
use dcp::bus::Reaction;
use dcp::http::Check;
use dcp::identity::DEMO_USERS;
use dcp::params;
use dcp::secrets::{Secret, SecretsError};
use dcp::store::Tx;

use crate::Login;
use crate::accounts::Account;

/// Path of the secret with the password of each demo user.
const PASSWORDS: &str = "demo/users";

impl Login {
    /// Tells in the module's health which demo user cannot log in yet.
    pub fn expect_demo_users(&self, start: &Start) {
        if !self.demo {
            return;
        }
        let (login, are_here) = (self.clone(), Arc::new(AtomicBool::new(false)));
        start.check(Check::wanted("demo_users", move || {
            let (login, are_here) = (login.clone(), are_here.clone());
            async move {
                if !are_here.load(Ordering::Relaxed) {
                    login.look_for_demo_users().await?;
                    are_here.store(true, Ordering::Relaxed);
                }
                Ok(())
            }
        }));
    }

    async fn look_for_demo_users(&self) -> Result<(), String> {
        for user in DEMO_USERS {
            let password = self.demo_password(user).await;
            if password.map_err(|error| error.to_string())?.is_none() {
                continue;
            }
            let account = self
                .account(user)
                .await
                .map_err(|error| error.to_string())?;
            if account.is_none_or(|account| account.password_hash.is_none()) {
                return Err(format!(
                    "the demo user {user} has not come from the module administration yet"
                ));
            }
        }
        Ok(())
    }

    async fn demo_password(&self, login: &str) -> Result<Option<Secret<String>>, SecretsError> {
        match dcp::secrets::get(self.secrets.as_ref(), PASSWORDS, login).await {
            Ok(password) => Ok(Some(password)),
            Err(SecretsError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives an account its demo password, unless it has one already.
    pub(crate) async fn give_demo_password(
        &self,
        tx: &mut Tx<'_>,
        user_id: &str,
        login: &str,
    ) -> Result<(), Reaction> {
        let account: Account = tx.call("account_by_id", params![user_id]).await?.one()?;
        if account.password_hash.is_some() {
            return Ok(());
        }
        let Some(password) = self.demo_password(login).await? else {
            return Ok(());
        };
        let hash = self
            .hasher
            .hash(&password)
            .await
            .map_err(|_| Reaction::later("the password cannot be hashed now"))?;
        tx.call("credential_put", params![user_id, &hash, false, tx.now()])
            .await?;
        Ok(())
    }
}
