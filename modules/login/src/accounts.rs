//! The copy of users and grants that the administration module's events feed.

use dcp::bus::Reaction;
use dcp::events::administration::UserChanged;
use dcp::http::Problem;
use dcp::identity::Grants;
use dcp::params;
use dcp::secrets::Secret;
use dcp::store::{Rows, StoreError, Tx};
use serde::Deserialize;

use crate::Login;

/// An account with its password's hash.
#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) user_id: String,
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) active: bool,
    pub(crate) grants: Grants,
    pub(crate) password_hash: Option<String>,
    pub(crate) must_change: bool,
}

/// User names are compared without case and surrounding space.
pub(crate) fn normalised(login: &str) -> String {
    login.trim().to_lowercase()
}

impl Login {
    /// The reaction to a changed user.
    pub fn learn(
        &self,
    ) -> impl AsyncFn(&mut Tx<'_>, &UserChanged) -> Result<(), Reaction> + Send + Sync + use<> {
        let login = self.clone();
        async move |tx: &mut Tx<'_>, event: &UserChanged| login.keep(tx, event).await
    }

    async fn keep(&self, tx: &mut Tx<'_>, event: &UserChanged) -> Result<(), Reaction> {
        let (user, grants) = (&event.user, serde_json::to_value(&event.grants)?);
        let login = normalised(&user.login);
        tx.call(
            "account_put",
            params![&user.id, &login, &user.name, user.active, &grants, event.at],
        )
        .await?;
        if !user.active {
            tx.call("sessions_end_of_user", params![&user.id, ""])
                .await?;
        }
        if self.demo {
            self.give_demo_password(tx, &user.id, &login).await?;
        }
        self.put_first_code(tx, &login).await?;
        Ok(())
    }

    /// The account of a login, if there is one.
    pub(crate) async fn account(&self, login: &str) -> Result<Option<Account>, StoreError> {
        self.store
            .read("account_by_login", params![login])
            .await
            .and_then(Rows::optional)
    }

    /// The account of a caller.
    pub(crate) async fn account_by_id(&self, user_id: &str) -> Result<Account, Problem> {
        let account: Option<Account> = self
            .store
            .read("account_by_id", params![user_id])
            .await?
            .optional()?;
        account.ok_or_else(|| Problem::not_found("such user"))
    }

    /// Stores a new password and ends every session and token of the person but `keep`.
    pub(crate) async fn set_password(
        &self,
        tx: &mut Tx<'_>,
        user_id: &str,
        new: &Secret<String>,
        keep: &str,
    ) -> Result<(), Problem> {
        let hash = self.hasher.hash(new).await?;
        tx.call("credential_put", params![user_id, &hash, false, tx.now()])
            .await?;
        tx.call("sessions_end_of_user", params![user_id, keep])
            .await?;
        Ok(())
    }
}
