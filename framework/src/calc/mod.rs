//! Client of the calculation engine, for modules: publish scripts, ask for calculations, fetch results.
//!
//! Long work goes over the bus and is asked for inside the module's own transaction; its outcome comes back as
//! [`CallFinished`](crate::events::calc::CallFinished). Short work, whose answer a person waits for, goes by HTTP.

mod client;
mod replies;

pub use client::{
    Answer, Artifact, CalcClient, CalcError, CallFacts, Script, publish_scripts, request,
};
pub use replies::Replies;

/// Stands for the site of tasks that are for the engine itself, not for one site.
pub const EVERY_SITE: &str = "all";
