//! The engine proper: worker processes that embed R, and the calls they run. Knows nothing of HTTP or the bus.

pub(crate) mod failure;
mod frame;
mod interim;
mod outcome;
pub(crate) mod pool;
pub(crate) mod settings;
mod shared;
mod source;
mod spawner;
pub(crate) mod worker;

pub(crate) use failure::{BadArgument, Failure};
pub(crate) use interim::{Interim, Partial, Progress};
pub(crate) use outcome::{Answer, Calendar, Moment};
pub(crate) use pool::{Lane, Pool};
pub(crate) use settings::Settings;
pub(crate) use source::{Code, Data, Source};
pub(crate) use worker::{Job, Patience, Seed};
