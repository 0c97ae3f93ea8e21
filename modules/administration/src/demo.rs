//! The first users of a platform that has none: the demo users, or the administrator whom the secret
//! `first-administrator` names. The module login reads the same secret and lets that person in.
//!
//! A demo platform that is started again with more sites gives its demo users their roles there, and takes none away.

use dcp::http::Problem;
use dcp::identity::{DEMO_USERS, FIRST_ADMINISTRATOR, first_administrator};
use dcp::params;
use dcp::store::Tx;

use crate::Administration;
use crate::grants::{Grant, StoredGrant};
use crate::people::{NewUser, Person};
use crate::telling::itself;

const SITES: &[&str] = &["basel", "dublin", "stein", "visp"];
/// Name and sites of each of [`DEMO_USERS`].
const DEMO: [(&str, &[&str]); DEMO_USERS.len()] = [
    ("Ana Keller", SITES),
    ("Sven Roth", SITES),
    ("Ada Meier", &["*"]),
    ("Otto Frei", &["*"]),
];

impl Administration {
    pub(crate) async fn make_first_users(&self) -> anyhow::Result<()> {
        let mut tx = self.store.begin().await?;
        let people: Vec<Person> = tx.call("people", params![]).await?.all()?;
        if !people.is_empty() {
            if self.settings.demo {
                self.widen_demo(&mut tx, &people).await?;
                tx.commit().await?;
            }
            return Ok(());
        }
        let first = first_administrator(self.secrets.as_ref()).await?;
        let people: Vec<(&str, &str, &str, &[&str])> = match (self.settings.demo, &first) {
            (true, _) => DEMO_USERS
                .into_iter()
                .zip(DEMO)
                .map(|(login, (name, sites))| (login, name, login, sites))
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

    /// Gives the demo users that are there their roles at sites of the demo at which they hold none.
    async fn widen_demo(&self, tx: &mut Tx<'_>, people: &[Person]) -> anyhow::Result<()> {
        for (login, (_, sites)) in DEMO_USERS.into_iter().zip(DEMO) {
            let Some(person) = people.iter().find(|person| person.login == login) else {
                continue;
            };
            let held: Vec<StoredGrant> = tx.call("grants_of", params![&person.id]).await?.all()?;
            let mut grants: Vec<Grant> = held.into_iter().map(|held| held.grant).collect();
            let before = grants.len();
            for site in sites {
                let covered = |grant: &Grant| grant.site == "*" || grant.site == *site;
                if !grants.iter().any(covered) {
                    grants.push(granted(login, site));
                }
            }
            if grants.len() > before {
                let widened = self.give(tx, &person.id, &grants).await;
                widened.map_err(|problem| {
                    anyhow::anyhow!("the user {login} cannot be given new sites: {problem:?}")
                })?;
            }
        }
        Ok(())
    }

    async fn give(&self, tx: &mut Tx<'_>, id: &str, grants: &[Grant]) -> Result<(), Problem> {
        self.set_grants(tx, id, grants, "").await?;
        self.tell(tx, id, &itself()).await?;
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
        let grants = sites.iter().map(|site| granted(role, site)).collect();
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

fn granted(role: &str, site: &str) -> Grant {
    Grant {
        role: role.into(),
        site: site.into(),
    }
}
