//! What the administration module tells.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Actor, Event, Key};
use crate::clock::Timestamp;

/// A user as every module may know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Its id.
    pub id: String,
    /// What the person types to sign in.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// Whether it may sign in.
    pub active: bool,
}

/// A user was made or changed, or what the user may do was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserChanged {
    /// The user as it is now.
    pub user: User,
    /// Everything the user may do now: site (or `*`) to permissions.
    pub grants: BTreeMap<String, Vec<String>>,
    /// Who changed it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Event for UserChanged {
    const NAME: &'static str = "administration.user.changed";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        (&self.user.id).into()
    }
}
