//! PI Web API client: the data layer, read only.
//!
//! Only GET and `POST /batch` of GETs can be sent: there is no function for anything else. A value is never dropped: what is no
//! usable number stands as NaN with a [`Status`] that says why. An answer is checked for all three ways in which a success can still
//! be a failure (`WebException`, `Errors`, `Good: false`), and for values that the server left out without saying so.
//!
//! Deliberately absent: PI data archives, PI SDK, every write.

mod answer;
mod assets;
mod batches;
mod client;
pub mod downsample;
mod error;
mod objects;
mod series;
mod source;
mod streams;
pub mod time;

pub use assets::BatchFilter;
pub use batches::{BatchRef, BatchTable, Column, Interpolation, PiRequest, Progress, TagRef};
pub use client::PiClient;
pub use error::PiError;
pub use objects::{PiBatch, PiElement, PiServer, PiSummary, PiTag, PiTemplate};
pub use series::{Series, Status};
pub use source::{PiCredentials, PiSource};
