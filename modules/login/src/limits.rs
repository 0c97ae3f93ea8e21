//! The limits of the module, each with its reason.

use std::time::Duration;

/// A session without a request ends: a screen left alone must not stay open.
pub(crate) const IDLE: Duration = Duration::from_mins(30);
/// A session ends at the latest: a working day.
pub(crate) const SESSION: Duration = Duration::from_hours(12);
/// The use of a session is written down so often: one write a minute instead of one a request.
pub(crate) const SEEN: Duration = Duration::from_mins(1);
/// An activation code is good for so long: a handover from person to person within three days.
pub(crate) const ACTIVATION: Duration = Duration::from_hours(3 * 24);
/// The longest life of an API token in days.
pub(crate) const TOKEN_DAYS: u32 = 366;
/// API tokens of one person.
pub(crate) const TOKENS: usize = 50;
/// Shortest password.
pub(crate) const PASSWORD_SHORTEST: usize = 12;
/// Longest password: enough for a sentence, and hashing it is bounded.
pub(crate) const PASSWORD_LONGEST: usize = 128;
/// Passwords hashed at once: each takes 46 MiB and one core.
pub(crate) const HASHERS: usize = 2;
/// Passwords waiting to be hashed; more are refused, so that guessing cannot pile up work.
pub(crate) const HASH_QUEUE: usize = 32;
/// Attempts without a wait per account: typing errors.
pub(crate) const FREE_ACCOUNT: i64 = 3;
/// Attempts without a wait per address: many people share the address of their site.
pub(crate) const FREE_ADDRESS: i64 = 20;
/// The longest wait between two attempts.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// Failures older than this do not count any more.
pub(crate) const ATTEMPT_MEMORY: Duration = Duration::from_mins(15);
/// An address counts as known for so long after a sign-in.
pub(crate) const KNOWN_ADDRESS: Duration = Duration::from_hours(30 * 24);
/// What has ended is removed so often.
pub(crate) const TIDY: Duration = Duration::from_mins(5);
