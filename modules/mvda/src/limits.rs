//! Every limit of this module, with its reason.

use std::time::Duration;

/// Characters of a model's name: what fits a list.
pub const NAME: usize = 120;
/// Components: more are never interpretable.
pub const COMPONENTS: u32 = 20;
/// Tags of a model: a unit has some tens of meaningful ones.
pub const TAGS: usize = 100;
/// Batches of a model: some years of one unit.
pub const BATCHES: usize = 1_000;
/// Bytes of a question for a model: all batches and tags with their identifiers.
pub const ASK_BYTES: usize = 1024 * 1024;
/// Longest calculation of a model, reading of the process data included.
pub const CALCULATION: Duration = Duration::from_mins(15);
/// Pause before the engine is asked again when it does not know the script yet.
pub const ASK_AGAIN: Duration = Duration::from_secs(2);
/// Pause between two looks for results to collect and for overdue calculations; a finished call wakes earlier.
pub const COLLECT_EVERY: Duration = Duration::from_secs(5);
/// Pause between two looks for changes made by other instances, while somebody listens.
pub const WATCH_EVERY: Duration = Duration::from_millis(500);
/// How long the list of data sources is remembered: who sets one up sees it used while still waiting for it.
pub const SOURCES_FOR: Duration = Duration::from_secs(10);
/// How long a reader is used before its credentials are read again.
pub const READER_FOR: Duration = Duration::from_secs(30);
/// Tags of one trend: more lines cannot be told apart.
pub const TREND_TAGS: usize = 20;
/// Tags of a trend read in one request: a few, so that the first lines can be drawn while others are read.
pub const TREND_GROUP: usize = 5;
/// Points of one line of a chart, at most: more than any screen has pixels.
pub const POINTS: u32 = 5_000;
/// Batches laid over each other: all of a long campaign.
pub const OVERLAY_BATCHES: usize = 200;
/// Batches listed at once.
pub const LISTED_BATCHES: usize = 1_000;
/// The trend that is shown when no start is asked for.
pub const USUAL_TREND: Duration = Duration::from_hours(24);
/// Longest trend for which every recorded value is read; a longer one is thinned out by the PI server.
pub const RECORDED_TREND: jiff::SignedDuration = jiff::SignedDuration::from_hours(7 * 24);
/// Bad stretches told of one line.
pub const STRETCHES: usize = 500;
/// How long PI may take for one picture or list: less than the host gives a request, so that the answer names the PI server.
pub const PI_ANSWER: Duration = Duration::from_secs(25);
/// Batches read from PI at the same time for one picture.
pub const READ_AT_ONCE: usize = 8;
