//! What delivery decides, without doing it: no clock, no database, no bus. The consumer, the runner of parked messages and the
//! relay do what is said here, and a seeded model drives it through every order of events.

mod brake;
mod judge;
mod order;

pub(super) use self::brake::Brake;
pub(super) use self::judge::{Decision, Failure, judge, unfit};
pub(super) use self::order::{Admission, KeyState, admit};

#[cfg(test)]
mod model;
