//! The HTTP host of a module: routes that name their permission, problems, limits, health, streams, drain.

mod always;
mod caller;
mod client;
mod deployment;
mod document;
mod extract;
mod health;
mod host;
mod live;
mod problem;
mod routes;
mod server;

pub(crate) use always::{Metrics, routes as always};
pub use caller::{Caller, SITE};
pub use client::{ServiceClient, ServiceError};
pub(crate) use deployment::{DEPLOYMENT, DEPLOYMENT_UI, Deployment};
pub use document::Binary;
pub(crate) use document::{complete, described};
pub use extract::{Body, JSON_DEPTH, Json, Path, Query, parse};
pub use health::{Check, Health};
pub use host::{Host, REQUESTS};
pub use live::Live;
pub use problem::{InvalidPart, PROBLEM_JSON, Problem};
pub use routes::{BODY, Routes, TIME};
pub(crate) use server::serve_as;
pub use server::{CONNECTIONS, DRAIN, HEAD_BYTES, HEADER_TIME, HEADERS, serve};
pub use utoipa_axum::routes;
