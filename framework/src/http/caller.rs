//! The caller of a request, as handlers see it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::request::Parts;
use serde::Deserialize;

use super::{Host, Problem};
use crate::events::Actor;
use crate::identity::{Kind, Principal};
use crate::model::{Permission, SiteId, UserId};

/// Header that names the site a request is about; the query parameter `site` does the same.
pub const SITE: &str = "dcp-site";

/// Who calls, from which site's view, and what they may do.
#[derive(Debug, Clone)]
pub struct Caller {
    principal: Arc<Principal>,
    site: Option<SiteId>,
    services: Arc<[Permission]>,
}

impl Caller {
    /// The caller of a request that passed the host's check of its token; none when it carries no token.
    pub(super) fn of(request: &Request) -> Result<Option<Self>, Problem> {
        let Some(principal) = request.extensions().get::<Arc<Principal>>() else {
            return Ok(None);
        };
        let services = request
            .extensions()
            .get::<Arc<Host>>()
            .map(|host| host.services.clone())
            .unwrap_or_default();
        let site = requested_site(request)?;
        Ok(Some(Self {
            principal: principal.clone(),
            site,
            services,
        }))
    }

    /// Id of the person, `service:<module>` for a module.
    pub fn id(&self) -> &UserId {
        &self.principal.id
    }

    /// Name at login.
    pub fn login(&self) -> &str {
        &self.principal.login
    }

    /// Full name.
    pub fn name(&self) -> &str {
        &self.principal.name
    }

    /// Id and name, as records keep them.
    pub fn actor(&self) -> Actor {
        Actor {
            id: self.principal.id.to_string(),
            name: self.principal.name.clone(),
        }
    }

    /// The session or API token behind the request.
    pub fn session(&self) -> &str {
        &self.principal.session
    }

    /// Whether a module calls for itself.
    pub fn is_service(&self) -> bool {
        self.principal.kind == Kind::Service
    }

    /// All that the token says.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The site the request names; 400 when it names none.
    pub fn site(&self) -> Result<&SiteId, Problem> {
        self.site
            .as_ref()
            .ok_or_else(|| Problem::bad_request("Name a site: header DCP-Site or parameter site."))
    }

    /// The site the request names, if it names one.
    pub fn named_site(&self) -> Option<&SiteId> {
        self.site.as_ref()
    }

    /// Whether anything at all is granted at that site.
    pub fn knows(&self, site: &SiteId) -> bool {
        self.principal.knows(site)
    }

    /// Whether the permission is held at that site.
    pub fn may(&self, permission: &Permission, site: &SiteId) -> bool {
        self.is_trusted_with(permission) || self.principal.may(permission, site)
    }

    /// 403 unless the permission is held at that site.
    pub fn require(&self, permission: &Permission, site: &SiteId) -> Result<(), Problem> {
        if self.may(permission, site) {
            Ok(())
        } else {
            Err(missing(permission, &format!(" at site {site}")))
        }
    }

    pub(super) fn require_everywhere(&self, permission: &Permission) -> Result<(), Problem> {
        let held = self.is_trusted_with(permission) || self.principal.may_everywhere(permission);
        if held {
            Ok(())
        } else {
            Err(missing(permission, " for all sites"))
        }
    }

    pub(super) fn require_somewhere(&self, permission: &Permission) -> Result<(), Problem> {
        let held = self.is_trusted_with(permission) || self.principal.may_somewhere(permission);
        if held {
            Ok(())
        } else {
            Err(missing(permission, ""))
        }
    }

    /// The manifest of the called module says what any module may do.
    fn is_trusted_with(&self, permission: &Permission) -> bool {
        self.is_service() && self.services.contains(permission)
    }
}

fn missing(permission: &Permission, place: &str) -> Problem {
    Problem::forbidden(format!("This needs the permission {permission}{place}."))
}

fn requested_site(request: &Request) -> Result<Option<SiteId>, Problem> {
    #[derive(Deserialize)]
    struct Named {
        site: Option<String>,
    }
    let header = request
        .headers()
        .get(SITE)
        .map(|value| value.to_str().unwrap_or_default().to_owned());
    let named = || {
        axum::extract::Query::<Named>::try_from_uri(request.uri())
            .ok()
            .and_then(|named| named.0.site)
    };
    let Some(site) = header.or_else(named) else {
        return Ok(None);
    };
    site.parse()
        .map(Some)
        .map_err(|_| Problem::bad_request("The site is no identifier."))
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::unauthenticated)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
