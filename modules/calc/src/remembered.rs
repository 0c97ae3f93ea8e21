//! Known values that were looked up a moment ago: a function that is called again and again does not ask the store each time.

use crate::caching::Earlier;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long a value is believed without asking the store, counted from its answer: so long another engine on the same store may have found a
/// deviation.
const BELIEVED: Duration = Duration::from_secs(1);
/// Values at most.
const MOST: usize = 256;
/// Longest value, bytes: what is longer costs more to send than to look up.
const LONGEST: usize = 64 << 10;

/// By computation key, with the moment of the store's answer.
#[derive(Debug, Default)]
pub(crate) struct Remembered(HashMap<String, (Instant, Earlier)>);

impl Remembered {
    pub(crate) fn get(&self, computation_key: &str, now: Instant) -> Option<Earlier> {
        let (at, earlier) = self.0.get(computation_key)?;
        is_believed(*at, now).then(|| earlier.clone())
    }

    pub(crate) fn put(&mut self, computation_key: &str, earlier: &Earlier, now: Instant) {
        if earlier.value.len() > LONGEST {
            return;
        }
        if self.0.len() >= MOST {
            self.0.retain(|_, (at, _)| is_believed(*at, now));
        }
        if self.0.len() < MOST {
            let entry = (now, earlier.clone());
            self.0.insert(computation_key.to_owned(), entry);
        }
    }

    pub(crate) fn forget(&mut self, computation_key: &str) {
        self.0.remove(computation_key);
    }
}

fn is_believed(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) < BELIEVED
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Notes;
    use dcp::clock::Timestamp;

    fn earlier(value: &'static str) -> Earlier {
        Earlier {
            call_id: "c".into(),
            started_at: Timestamp::UNIX_EPOCH,
            requested_by: "r".into(),
            result_key: "k".into(),
            value: bytes::Bytes::from_static(value.as_bytes()),
            notes: Notes::default(),
        }
    }

    #[test]
    fn a_value_is_believed_for_a_second_however_often_it_is_used() {
        let (begin, mut remembered) = (Instant::now(), Remembered::default());
        remembered.put("a", &earlier("1"), begin);
        let after = |millis| begin + Duration::from_millis(millis);
        for millis in [0, 400, 800, 999] {
            assert!(remembered.get("a", after(millis)).is_some(), "{millis}");
        }
        assert!(remembered.get("a", after(1000)).is_none());
        remembered.put("a", &earlier("1"), after(1000));
        remembered.forget("a");
        assert!(remembered.get("a", after(1000)).is_none());
    }

    #[test]
    fn what_is_long_is_not_remembered_and_there_are_never_too_many() {
        let (begin, mut remembered) = (Instant::now(), Remembered::default());
        let long: &'static str = "x".repeat(LONGEST + 1).leak();
        remembered.put("long", &earlier(long), begin);
        assert!(remembered.get("long", begin).is_none());
        for number in 0..2 * MOST {
            remembered.put(&number.to_string(), &earlier("1"), begin);
        }
        assert_eq!(remembered.0.len(), MOST);
        remembered.put("later", &earlier("1"), begin + BELIEVED);
        assert_eq!(remembered.0.len(), 1, "the old ones make room");
    }
}
