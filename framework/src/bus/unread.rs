//! The queues that a module cannot read now, for whoever asks whether it is ready.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use super::BusError;

/// Why, by queue. Clones tell of the same queues.
#[derive(Debug, Clone, Default)]
pub struct Unread(Arc<Mutex<BTreeMap<String, String>>>);

impl Unread {
    pub(super) fn failed(&self, queue: &str, error: &BusError) {
        // What the bus says of it tells more than that it cannot be reached.
        let why = error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string);
        self.lock().insert(queue.to_owned(), why);
    }

    pub(super) fn begun(&self, queue: &str) {
        self.lock().remove(queue);
    }

    /// One line that says how many queues they are, and why of the first; nothing while all are read.
    pub fn trouble(&self) -> Option<String> {
        let unread = self.lock();
        let (first, why) = unread.first_key_value()?;
        let others = match unread.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        Some(format!("{first}{others} cannot be read: {why}"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_told_until_it_can() {
        let unread = Unread::default();
        assert_eq!(unread.trouble(), None);
        unread.failed("q.a.x", &BusError::unavailable("the broker lacks: q.a.x"));
        unread.failed("q.a.y", &BusError::Refused);
        assert_eq!(
            unread.trouble().as_deref(),
            Some("q.a.x and 1 more cannot be read: the broker lacks: q.a.x")
        );
        unread.begun("q.a.x");
        assert_eq!(
            unread.trouble().as_deref(),
            Some("q.a.y cannot be read: the bus refused the message")
        );
        unread.clone().begun("q.a.y");
        assert_eq!(unread.trouble(), None);
    }
}
