//! Routes of a module. The only way to add one says who may call it.

use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::document::operations;
use super::{Caller, Problem};
use crate::model::Permission;

/// Largest body when the route says nothing else: enough for every form of the portal.
pub const BODY: usize = 64 * 1024;
/// Longest work on a request when the route says nothing else; a stream counts until its first byte.
pub const TIME: Duration = Duration::from_secs(30);

/// Who may call a route.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Access {
    /// Holders of the permission: at the request's site, or anywhere when it names none.
    Permission(Permission),
    /// Holders of the permission at every site.
    Everywhere(Permission),
    /// Everyone who is signed in.
    Authenticated,
    /// Modules of the platform.
    Service,
    /// Everyone.
    Public,
}

#[derive(Debug, Clone)]
struct Rule {
    access: Access,
    time: Duration,
}

/// Routes under construction, with the state their handlers share.
pub struct Routes<S = ()> {
    router: OpenApiRouter<S>,
    state: S,
    body: usize,
    time: Duration,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes yet.
    pub fn new(state: S) -> Self {
        Self {
            router: OpenApiRouter::new(),
            state,
            body: BODY,
            time: TIME,
        }
    }

    /// Routes for holders of a permission at the request's site (`DCP-Site` header or `site` parameter). Without a site
    /// it must be held somewhere, and the handler checks the site of what it finds with [`Caller::require`].
    #[must_use]
    pub fn allow(self, permission: Permission, routes: UtoipaMethodRouter<S>) -> Self {
        self.add(&Access::Permission(permission), routes)
    }

    /// Routes for holders of a permission at every site: what concerns the platform as a whole.
    #[must_use]
    pub fn allow_everywhere(self, permission: Permission, routes: UtoipaMethodRouter<S>) -> Self {
        self.add(&Access::Everywhere(permission), routes)
    }

    /// Routes for everyone who is signed in, and for modules.
    #[must_use]
    pub fn authenticated(self, routes: UtoipaMethodRouter<S>) -> Self {
        self.add(&Access::Authenticated, routes)
    }

    /// Routes for modules of the platform only.
    #[must_use]
    pub fn service(self, routes: UtoipaMethodRouter<S>) -> Self {
        self.add(&Access::Service, routes)
    }

    /// Routes for everyone, signed in or not.
    #[must_use]
    pub fn public(self, routes: UtoipaMethodRouter<S>) -> Self {
        self.add(&Access::Public, routes)
    }

    /// Largest body of the routes added after this.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// Longest work of the routes added after this.
    #[must_use]
    pub fn time_limit(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    fn add(
        mut self,
        access: &Access,
        (schemas, mut paths, methods): UtoipaMethodRouter<S>,
    ) -> Self {
        for item in paths.paths.values_mut() {
            for operation in operations(item) {
                describe(access, operation);
            }
        }
        let rule = Rule {
            access: access.clone(),
            time: self.time,
        };
        let methods = methods
            .route_layer(from_fn_with_state(rule, guard))
            .layer(DefaultBodyLimit::max(self.body));
        self.router = self.router.routes((schemas, paths, methods));
        self
    }

    pub(crate) fn finish(self) -> OpenApiRouter {
        self.router.with_state(self.state)
    }
}

fn describe(access: &Access, operation: &mut Operation) {
    let (name, open) = match access {
        Access::Permission(permission) | Access::Everywhere(permission) => {
            (permission.as_str(), false)
        }
        Access::Authenticated => ("authenticated", false),
        Access::Service => ("service", false),
        Access::Public => ("public", true),
    };
    // One extension only: their map has no order, and the document must be the same in every run.
    operation
        .extensions
        .get_or_insert_default()
        .merge(ExtensionsBuilder::new().add("x-permission", name).build());
    if !open {
        let scope = if matches!(access, Access::Everywhere(_)) {
            vec!["every-site"]
        } else {
            vec![]
        };
        operation.security = Some(vec![SecurityRequirement::new("token", scope)]);
    }
}

async fn guard(State(rule): State<Rule>, mut request: Request, next: Next) -> Response {
    let caller = match Caller::of(&request) {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    if let Err(problem) = admit(&rule.access, caller.as_ref()) {
        return problem.into_response();
    }
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    match tokio::time::timeout(rule.time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            axum::http::StatusCode::GATEWAY_TIMEOUT,
            "timed-out",
            "This took too long",
        )
        .detail(format!(
            "The work was ended after {} seconds.",
            rule.time.as_secs()
        ))
        .into_response(),
    }
}

fn admit(access: &Access, caller: Option<&Caller>) -> Result<(), Problem> {
    if *access == Access::Public {
        return Ok(());
    }
    let caller = caller.ok_or_else(Problem::unauthenticated)?;
    match access {
        Access::Public | Access::Authenticated => Ok(()),
        Access::Service if caller.is_service() => Ok(()),
        Access::Service => Err(Problem::forbidden(
            "Only modules of the platform may call this.",
        )),
        Access::Everywhere(permission) => caller.require_everywhere(permission),
        Access::Permission(permission) => match caller.named_site() {
            Some(site) => caller.require(permission, site),
            None => caller.require_somewhere(permission),
        },
    }
}
