//! PI Web API client: the data layer, read only.
//!
//! Only GET, `POST /batch` of GETs and the registration for updates can be sent: there is no function for anything else. A value is never dropped: what is no
//! usable number stands as NaN with a [`Status`] that says why. An answer is checked for all three ways in which a success can still
//! be a failure (`WebException`, `Errors`, `Good: false`), and for values that the server left out without saying so.
//!
//! Deliberately absent: PI data archives, PI SDK, every write.

mod access;
mod answer;
mod arriving;
#[cfg(feature = "arrow")]
mod arrow;
mod assets;
#[cfg(test)]
mod at_once;
mod batches;
mod body;
mod breaker;
mod cache;
mod client;
mod discovery;
pub mod downsample;
mod error;
mod frames;
#[cfg(test)]
mod fuzz;
mod identity;
mod instants;
mod kerberos;
mod listing;
mod live;
mod naming;
mod objects;
mod paging;
mod phases;
mod refusal;
mod scan;
mod search;
mod series;
mod server;
mod source;
mod status;
mod streams;
pub mod time;
pub mod time_text;
mod units;
pub mod webid;

pub use access::PiCredentials;
pub use batches::{BatchRef, BatchTable, Column, Interpolation, PiRequest, Progress, TagRef};
pub use breaker::PiAvailability;
pub use cache::{CacheNumbers, CacheSettings, History, PiCache};
pub use client::PiClient;
pub use discovery::{PiDiscovery, PiUnit};
pub use error::PiError;
pub use frames::{BatchFilter, BatchState, PiAnnotation, PiMetadata};
pub use identity::{PiDataServer, PiIdentity};
pub use instants::Retrieval;
pub use kerberos::KerberosAccount;
pub use listing::{BatchStatus, ListedBatch, ListedBatches, Unreadable};
pub use live::{LiveNews, LiveWay};
pub use objects::{PiBatch, PiElement, PiServer, PiSummary, PiTag, PiTemplate, PiTemplateTag};
pub use phases::PiPhase;
pub use search::FrameSearch;
pub use series::{Kept, Series};
pub use server::PiHealth;
pub use source::PiSource;
pub use status::{Status, StatusColumn};
pub use units::UnitOfMeasure;
