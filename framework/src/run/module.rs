//! A module under construction: its routes and its reactions.

use std::sync::Arc;

use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use super::Start;
use crate::bus::{Bus, Envelope, Reaction, Subscriptions};
use crate::events::Event;
use crate::http::{Host, Metrics, Routes};
use crate::messages::{Messages, Sampler};
use crate::model::Manifest;
use crate::store::Tx;

/// Routes and reactions of a module.
pub struct Module {
    start: Start,
    router: OpenApiRouter,
    subscriptions: Subscriptions,
    /// The bus of the other zone, for a bridge.
    other: Option<Arc<dyn Bus>>,
    sampler: Option<Sampler>,
}

impl Module {
    pub(super) fn new<S: Clone + Send + Sync + 'static>(start: Start, routes: Routes<S>) -> Self {
        Self {
            start,
            router: routes.finish(),
            subscriptions: Subscriptions::default(),
            other: None,
            sampler: None,
        }
    }

    /// Adds routes with a state of their own.
    #[must_use]
    pub fn routes<S: Clone + Send + Sync + 'static>(mut self, routes: Routes<S>) -> Self {
        self.router = self.router.merge(routes.finish());
        self
    }

    /// Reacts to every event `E`, inside the transaction that records the message.
    #[must_use]
    pub fn on<E: Event + 'static>(
        mut self,
        reaction: impl AsyncFn(&mut Tx<'_>, &E) -> Result<(), Reaction> + Send + Sync + 'static,
    ) -> Self {
        self.subscriptions = self.subscriptions.on(reaction);
        self
    }

    /// Adds reactions and work queues that were collected elsewhere.
    #[must_use]
    pub fn subscribe(mut self, add: impl FnOnce(Subscriptions) -> Subscriptions) -> Self {
        self.subscriptions = add(self.subscriptions);
        self
    }

    /// Brings from `other`, the bus of the other zone, what the manifest's section `[bridge]` allows into this one; `record`
    /// keeps what passes, in the transaction in which it passes.
    #[must_use]
    pub fn bring(
        mut self,
        other: Arc<dyn Bus>,
        record: impl AsyncFn(&mut Tx<'_>, &Envelope) -> Result<(), Reaction> + Send + Sync + 'static,
    ) -> Self {
        let zone = self.start.zone();
        let allowed = self.start.manifest().bridge.brings_into(zone);
        self.subscriptions = self.subscriptions.bring(allowed, zone.other(), record);
        self.other = Some(other);
        self
    }

    /// The description of the API.
    pub fn openapi(&self) -> OpenApi {
        describe(self.router.get_openapi().clone(), self.start.manifest())
    }

    pub(super) fn take_subscriptions(&mut self) -> Subscriptions {
        std::mem::take(&mut self.subscriptions)
    }

    pub(super) fn take_other_bus(&mut self) -> Option<Arc<dyn Bus>> {
        self.other.take()
    }

    /// Adds what operators see and do with the messages of the module.
    pub(super) fn with_messages(mut self, messages: Messages) -> Self {
        let place = format!("/api/{}", self.start.manifest().name);
        self.sampler = Some(Sampler::new(messages.clone()));
        self.router = self.router.nest(&place, messages.routes().finish());
        self
    }

    pub(super) fn assemble(self, host: &Arc<Host>, metrics: PrometheusHandle) -> Router {
        let (api, document) = self.router.split_for_parts();
        let document = describe(document, self.start.manifest());
        let place = format!("/api/{}/openapi.json", self.start.manifest().name);
        let api = api.route(&place, crate::http::described(&document));
        let metrics = Metrics::new(metrics, self.sampler);
        let (health, manifest) = (self.start.health(), self.start.manifest());
        let always = crate::http::always(health, Some(metrics), &document, manifest);
        host.wrap(api, always)
    }
}

/// Completes the description with what the manifest says.
fn describe(mut document: OpenApi, manifest: &Manifest) -> OpenApi {
    document.info = InfoBuilder::new()
        .title(manifest.title.en.clone())
        .version(manifest.version.clone())
        .description(Some(manifest.description.en.clone()))
        .build();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("token", SecurityScheme::Http(token));
    crate::http::complete(&mut document);
    document
}
