//! `WebID` 2.0: how PI Web API names an object in an address, read and written without asking the server.
//!
//! `<form><version 1><marker>[owner]<payload>`. Each id of the payload is a GUID as Windows stores it (22 characters of base64url),
//! the number of a point has 6 characters; the path follows in upper case and without its leading backslashes.

mod kind;
#[cfg(test)]
mod tests;
mod text;

use uuid::Uuid;

pub use self::kind::{Form, Kind, Owner};
use self::kind::{shape, wrong_owner};

/// A `WebID`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebId {
    /// What it is made from.
    pub form: Form,
    /// What it names.
    pub kind: Kind,
    /// What that belongs to, where its kind says it.
    pub owner: Option<Owner>,
    /// The server first, then owners, then the object itself; a point has only its server here, the forms L and D have no server.
    pub ids: Vec<Uuid>,
    /// The number of a point.
    pub point: Option<i32>,
    /// The path in upper case and without leading backslashes.
    pub path: Option<String>,
}

/// Why a text is no `WebID`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoWebId {
    /// Too short, or not of the letters that `WebID`s are written with.
    #[error("'{0}' is not a WebID")]
    NotOne(String),
    /// Another form than F, I, P, L and D.
    #[error("a WebID begins with F, I, P, L or D, not with '{0}'")]
    Form(char),
    /// A version that is not known here.
    #[error("this is a WebID of version {0}; version 1 is known")]
    Version(char),
    /// A marker that is not known here.
    #[error("'{0}' marks no kind of object that has WebIDs")]
    Marker(String),
    /// The owner is missing or impossible.
    #[error("'{0}' cannot be the owner of this kind of object")]
    Owner(char),
    /// The part after the marker does not fit what it should hold.
    #[error("the payload of the WebID is damaged: {0}")]
    Payload(&'static str),
}

impl WebId {
    /// The `WebID` of whatever stands at a path: `\\SERVER\TAG`, `\\AF\DB\Element|Attribute`.
    pub fn at(kind: Kind, owner: Option<Owner>, path: &str) -> Result<Self, NoWebId> {
        let (_, _, _, owners) = shape(kind);
        if let Some(wrong) = wrong_owner(owner, owners) {
            return Err(NoWebId::Owner(wrong));
        }
        let path = canonical(path);
        if path.is_empty() {
            return Err(NoWebId::Payload("there is no path"));
        }
        Ok(Self {
            form: Form::PathOnly,
            kind,
            owner,
            ids: Vec::new(),
            point: None,
            path: Some(path),
        })
    }

    /// The `WebID` of a point by its name.
    pub fn of_point(data_server: &str, tag: &str) -> Result<Self, NoWebId> {
        Self::at(Kind::Point, None, &format!(r"{data_server}\{tag}"))
    }

    /// The same object in another form, where this one holds what that needs.
    #[must_use]
    pub fn to_form(&self, form: Form) -> Option<Self> {
        let same = self.form == form;
        let has_server = self.form.has_all_ids();
        let possible = match form {
            Form::Full => has_server && self.path.is_some(),
            Form::IdOnly | Form::LocalIdOnly | Form::DefaultIdOnly => has_server,
            Form::PathOnly => self.path.is_some(),
        };
        if !same && !possible {
            return None;
        }
        let ids = match form {
            Form::PathOnly => &[],
            Form::LocalIdOnly | Form::DefaultIdOnly if !same => self.ids.get(1..)?,
            _ => self.ids.as_slice(),
        };
        Some(Self {
            form,
            ids: ids.to_vec(),
            point: self.point.filter(|_| form != Form::PathOnly),
            path: self
                .path
                .clone()
                .filter(|_| matches!(form, Form::Full | Form::PathOnly)),
            ..self.clone()
        })
    }
}

/// The form of a path inside a `WebID`: letters whose capital is more than one letter stay, as .NET leaves them.
fn canonical(path: &str) -> String {
    let capital = |letter: char| {
        let mut capitals = letter.to_uppercase();
        match (capitals.next(), capitals.next()) {
            (Some(one), None) => one,
            _ => letter,
        }
    };
    path.trim_start_matches('\\').chars().map(capital).collect()
}
