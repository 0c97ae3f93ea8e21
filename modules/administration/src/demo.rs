//! The first users of a platform that has none: the demo users, or the administrator whom the secret
//! `first-administrator` names. The module login reads the same secret and lets that person in.

use dcp::http::Problem;
use dcp::identity::{FIRST_ADMINISTRATOR, first_administrator};
use dcp::params;
use dcp::store::Tx;

use crate::Administration;
use crate::grants::Grant;
use crate::people::NewUser;
use crate::telling::itself;

/// Login, name, sites. The role has the name of the login.
const DEMO: [(&str, &str, &[&str]); 4] = [
    (
        "analyst",
        "Ana Keller",
        &["basel", "dublin", "stein", "visp"],
    ),
    (
        "scientist",
        "Sven Roth",
        &["basel", "dublin", "stein", "visp"],
    ),
    ("administrator", "Ada Meier", &["*"]),
    ("operator", "Otto Frei", &["*"]),
];

impl Administration {
    pub(crate) async fn make_first_users(&self) -> anyhow::Result<()> {
        let mut tx = self.store.begin().await?;
        if !tx.call("people", params![]).await?.is_empty() {
            return Ok(());
        }
        let first = first_administrator(self.secrets.as_ref()).await?;
        let people: Vec<(&str, &str, &str, &[&str])> = match (self.settings.demo, &first) {
            (true, _) => DEMO
                .into_iter()
                .map(|(login, name, sites)| (login, name, login, sites))
                .collect(),
            (false, Some(first)) => {
                let login = first.login.as_str();
                vec![(login, login, "administrator", &["*"])]
            }
            (false, None) => {
                tracing::warn!(
                    "nobody can use the platform: it has no users, and no secret {FIRST_ADMINISTRATOR} names the first administrator; see `dcp init-secrets --help`"
                );
                return Ok(());
            }
        };
        for (login, name, role, sites) in people {
            let added = self.add_first(&mut tx, login, name, role, sites).await;
            added.map_err(|problem| {
                anyhow::anyhow!("the user {login} cannot be made: {problem:?}")
            })?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn add_first(
        &self,
        tx: &mut Tx<'_>,
        login: &str,
        name: &str,
        role: &str,
        sites: &[&str],
    ) -> Result<(), Problem> {
        let grants = sites
            .iter()
            .map(|site| Grant {
                role: role.into(),
                site: (*site).into(),
            })
            .collect();
        let new = NewUser {
            login: login.into(),
            name: name.into(),
            email: String::new(),
            grants,
        };
        let id = self.add_person(tx, &new).await?;
        self.tell(tx, &id, &itself()).await?;
        Ok(())
    }
}
