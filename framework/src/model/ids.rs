//! Typed identifiers: a site can never be passed where a user is meant.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A text that is not an identifier.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no identifier: it needs 1 to 64 letters, digits, '-', '_', '.' or ':'")]
pub struct InvalidId(String);

fn checked(text: &str) -> Result<Arc<str>, InvalidId> {
    let fits = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    if fits {
        Ok(text.into())
    } else {
        Err(InvalidId(text.chars().take(80).collect()))
    }
}

macro_rules! identifier {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]+$")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                checked(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                checked(&text).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id.to_string().into())
            }
        }

        impl From<&$name> for crate::store::Value {
            fn from(id: &$name) -> Self {
                Self::Text(id.as_str().to_owned())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, out)
            }
        }
    )*};
}

identifier! {
    /// A manufacturing or laboratory site, such as `basel`.
    SiteId;
    /// A person or a service account; never given to another one later.
    UserId;
    /// A module of the platform, such as `mvda`.
    ModuleName;
    /// A source of process data at a site, such as `dryers`.
    DataSourceId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_short_and_plain() {
        assert_eq!("basel".parse::<SiteId>().unwrap().as_str(), "basel");
        assert!("x".repeat(64).parse::<SiteId>().is_ok());
        for wrong in ["", "a b", "a/b", "a\0", "ä", &"x".repeat(65)] {
            assert!(wrong.parse::<SiteId>().is_err(), "{wrong:?}");
        }
    }
}
