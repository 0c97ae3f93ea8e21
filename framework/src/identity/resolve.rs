//! What the edge asks the login module: who stands behind a credential.

use serde::{Deserialize, Serialize};

use super::{Claims, Grants, ISSUER, Kind, new_secret};
use crate::clock::Timestamp;
use crate::model::{UserId, Zone};

/// Path of the login module that answers the edge; the edge forwards nothing below `/internal/`.
pub const RESOLVE_PATH: &str = "/internal/resolve";
/// Header with the edge's own key, secret `edge#key`.
pub const EDGE_KEY: &str = "dcp-edge-key";
/// Name of the browser's cookie.
pub const SESSION_COOKIE: &str = "__Host-dcp-session";
/// API tokens begin with this.
pub const TOKEN_PREFIX: &str = "dcp_";
/// Credentials of modules begin with this, followed by the module's name and `_`.
pub const SERVICE_PREFIX: &str = "svc_";
/// A signed token lives so long.
const TOKEN_SECONDS: i64 = 60;

/// The question: a session cookie's value, an API token or a module's credential.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// As it came.
    pub credential: String,
}

/// The answer; 401 when the credential is unknown or has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Resolved {
    /// Id of the person, `service:<module>` for a module.
    pub id: UserId,
    /// Name at login.
    pub login: String,
    /// Full name.
    pub name: String,
    /// A person or a module.
    pub kind: Kind,
    /// Permissions by site, `*` for all.
    #[schema(value_type = std::collections::BTreeMap<String, Vec<String>>)]
    pub grants: Grants,
    /// Session or token behind it.
    pub session: String,
}

impl Resolved {
    /// The claims of a token for this caller, signed by the edge of a node in that zone.
    pub fn claims(&self, zone: Zone, now: Timestamp) -> Claims {
        let issued = now.as_second();
        Claims {
            iss: ISSUER.to_owned(),
            sub: self.id.clone(),
            login: self.login.clone(),
            name: self.name.clone(),
            kind: self.kind,
            zone,
            grants: self.grants.clone(),
            exp: issued + TOKEN_SECONDS,
            iat: issued,
            jti: new_secret(),
            sid: self.session.clone(),
        }
    }
}
