//! Telling the platform what a person may do now.

use std::collections::{BTreeMap, BTreeSet};

use dcp::events::Actor;
use dcp::events::administration::{User, UserChanged};
use dcp::params;
use dcp::store::{StoreError, Tx};

use crate::Administration;
use crate::grants::{Grant, StoredGrant};
use crate::people::Person;
use crate::roles::Role;

impl Administration {
    /// Publishes the person's present state, if it differs from what was told last.
    pub(crate) async fn tell(
        &self,
        tx: &mut Tx<'_>,
        id: &str,
        by: &Actor,
    ) -> Result<(), StoreError> {
        let person: Person = tx.call("person_by_id", params![id]).await?.one()?;
        let held: Vec<StoredGrant> = tx.call("grants_of", params![id]).await?.all()?;
        let roles = self.roles(tx).await?;
        let grants = expand(held.iter().map(|stored| &stored.grant), &roles);
        let Person {
            id,
            login,
            name,
            email,
            active,
            told,
            ..
        } = person;
        let user = User {
            id,
            login,
            name,
            email,
            active,
        };
        let now_told = serde_json::json!([user, grants]).to_string();
        if now_told == told {
            return Ok(());
        }
        tx.call("person_told", params![&user.id, &now_told]).await?;
        tx.publish(&UserChanged {
            user,
            grants,
            by: by.clone(),
            at: tx.now(),
        })
        .await
    }

    /// Tells what differs from the last event: a new version may have changed the built-in roles.
    pub(crate) async fn tell_differences(&self) -> Result<(), StoreError> {
        let people: Vec<Person> = self.store.read("people", params![]).await?.all()?;
        let mut tx = self.store.begin().await?;
        for person in people {
            self.tell(&mut tx, &person.id, &itself()).await?;
        }
        tx.commit().await
    }
}

/// The module, where no person has asked.
pub(crate) fn itself() -> Actor {
    Actor {
        id: "service:administration".into(),
        name: "administration".into(),
    }
}

/// Permissions by site, from roles by site.
fn expand<'a>(
    held: impl Iterator<Item = &'a Grant>,
    roles: &[Role],
) -> BTreeMap<String, Vec<String>> {
    let mut sites = BTreeMap::<String, BTreeSet<String>>::new();
    for grant in held {
        let permissions = roles
            .iter()
            .filter(|role| role.id == grant.role)
            .flat_map(|role| &role.permissions);
        sites
            .entry(grant.site.clone())
            .or_default()
            .extend(permissions.map(ToString::to_string));
    }
    sites
        .into_iter()
        .map(|(site, permissions)| (site, permissions.into_iter().collect()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_become_permissions_by_site() {
        let grant = |role: &str, site: &str| Grant {
            role: role.into(),
            site: site.into(),
        };
        let held = [
            grant("operator", "*"),
            grant("analyst", "basel"),
            grant("scientist", "basel"),
            grant("gone", "dublin"),
        ];
        let roles: Vec<Role> = crate::roles::built_in().collect();
        let sites = expand(held.iter(), &roles);
        assert_eq!(
            sites["*"],
            [
                "bridge.read",
                "calc.approve",
                "calc.call",
                "calc.read",
                "node.operate",
                "node.read"
            ]
        );
        assert_eq!(
            sites["basel"],
            [
                "calc.call",
                "calc.publish",
                "calc.read",
                "mvda.model",
                "mvda.read",
                "saw.use"
            ]
        );
        assert!(sites["dublin"].is_empty());
    }
}
