//! Who is calling, proven by the edge's token.
//!
//! The edge signs ([`Signatory`]) a token that lives a minute; modules verify it ([`Verifier`]) without asking anyone.

mod document;
mod first;
mod principal;
mod resolve;
mod signatory;
mod token;
mod verifier;

pub use document::Unsigned;
pub use first::{FIRST_ADMINISTRATOR, FirstAdministrator, first_administrator, new_code};
pub use principal::{Grants, Kind, Principal};
pub use resolve::{
    EDGE_KEY, RESOLVE_PATH, Resolve, Resolved, SERVICE_PREFIX, SESSION_COOKIE, TOKEN_PREFIX,
};
pub use signatory::{NotSigned, Signatory};
pub use token::{Claims, KeyError, Signer, generate_keys, new_secret};
pub use verifier::{Refused, Verifier};

/// Issuer of every token; a token of another one is refused.
pub const ISSUER: &str = "dcp-edge";

/// Path of the secret with the keys that verify tokens, each in SPKI PEM under a name of its own (`key`, where there is one): all
/// read it, and only the edges read what signs.
pub const PUBLIC_KEY: &str = "identity/public";

/// User names of the demonstration, each also the name of its role. The secret `demo/users` has a password under each.
pub const DEMO_USERS: [&str; 4] = ["analyst", "scientist", "administrator", "operator"];
