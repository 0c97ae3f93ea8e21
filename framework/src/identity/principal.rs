//! The caller of a request and what it may do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Permission, SiteId, UserId};

/// Permissions by site; the key `*` means every site.
pub type Grants = BTreeMap<String, Vec<Permission>>;

/// A person, or another module of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A person.
    User,
    /// A module, acting for itself.
    Service,
}

/// Who is calling, as the token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Never reused for another person.
    pub id: UserId,
    /// Name at login.
    pub login: String,
    /// Full name.
    pub name: String,
    /// A person or a module.
    pub kind: Kind,
    /// Permissions by site.
    pub grants: Grants,
    /// The session or API token behind the request; empty for services.
    pub session: String,
}

impl Principal {
    /// Whether the permission is held at that site.
    pub fn may(&self, permission: &Permission, site: &SiteId) -> bool {
        self.may_everywhere(permission) || self.holds(site.as_str(), permission)
    }

    /// Whether the permission is held at every site, also future ones.
    pub fn may_everywhere(&self, permission: &Permission) -> bool {
        self.holds("*", permission)
    }

    /// Whether the permission is held at one site at least.
    pub fn may_somewhere(&self, permission: &Permission) -> bool {
        self.grants.values().any(|held| held.contains(permission))
    }

    /// Whether anything at all is granted at that site. Services see every site.
    pub fn knows(&self, site: &SiteId) -> bool {
        self.kind == Kind::Service
            || ["*", site.as_str()]
                .iter()
                .any(|key| self.grants.get(*key).is_some_and(|held| !held.is_empty()))
    }

    fn holds(&self, site: &str, permission: &Permission) -> bool {
        self.grants
            .get(site)
            .is_some_and(|held| held.contains(permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_counts_at_its_site_only() {
        let (read, site) = (Permission::new("mvda.read"), |id: &str| {
            id.parse::<SiteId>().unwrap()
        });
        let person = Principal {
            id: "u1".parse().unwrap(),
            login: "ada".into(),
            name: "Ada".into(),
            kind: Kind::User,
            grants: Grants::from([
                ("basel".into(), vec![read.clone()]),
                ("cork".into(), vec![]),
            ]),
            session: String::new(),
        };
        assert!(person.may(&read, &site("basel")) && person.knows(&site("basel")));
        assert!(!person.may(&read, &site("dublin")) && !person.knows(&site("dublin")));
        assert!(!person.knows(&site("cork")));
        assert!(person.may_somewhere(&read) && !person.may_everywhere(&read));
        let all = Principal {
            grants: Grants::from([("*".into(), vec![read.clone()])]),
            ..person
        };
        assert!(all.may(&read, &site("dublin")) && all.knows(&site("dublin")));
    }
}
