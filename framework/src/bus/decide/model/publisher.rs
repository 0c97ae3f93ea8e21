//! The publisher of the model: its transactions, its relay, and the bus, which may do anything with what it is given.

use super::{KEYS, Message, Row, World};
use rand::RngExt as _;

impl World {
    /// A transaction of the publisher.
    pub(super) fn commit(&mut self) {
        let seq = i64::try_from(self.committed.len()).unwrap() + 1;
        let key = self.random.random_range(0..KEYS);
        self.committed.push((seq, key));
        let row = Row {
            key,
            is_sent: false,
        };
        self.outbox.insert(seq, row);
    }

    /// A message as it is sent now: it follows what the publisher still keeps of its key.
    fn message(&self, seq: i64, key: u64) -> Message {
        let before = self.outbox.range(..seq).rev();
        let follows = before
            .filter(|(_, row)| row.key == key)
            .map(|(seq, _)| *seq)
            .next();
        Message {
            seq,
            key,
            follows,
            attempts: 0,
        }
    }

    /// One batch of the relay, which may die before it has written down what the bus said.
    pub(super) fn relay(&mut self) {
        let unsent = self.outbox.iter().filter(|(_, row)| !row.is_sent);
        let batch: Vec<_> = unsent.map(|(seq, row)| (*seq, row.key)).take(4).collect();
        let mut sent = Vec::new();
        for (seq, key) in batch {
            let message = self.message(seq, key);
            if self.store(message) {
                sent.push(seq);
            }
        }
        if !self.chance(6) {
            for seq in sent {
                self.outbox.get_mut(&seq).unwrap().is_sent = true;
            }
        }
    }

    /// What the bus makes of a message; true says that it called it stored.
    fn store(&mut self, message: Message) -> bool {
        if self.chance(12) {
            return false;
        }
        if self.chance(12) {
            return true;
        }
        let copies = if self.chance(10) { 2 } else { 1 };
        for _ in 0..copies {
            let at = if self.chance(5) {
                self.random.random_range(0..=self.queue.len())
            } else {
                self.queue.len()
            };
            self.queue.insert(at, message);
        }
        !self.chance(10)
    }

    /// The publisher hears that a message is in the subscriber's database, or the notice is lost.
    pub(super) fn receipt(&mut self, seq: i64) {
        if !self.chance(5) && self.outbox.get(&seq).is_some_and(|row| row.is_sent) {
            self.outbox.remove(&seq);
        }
    }

    /// What was sent and is not recorded is sent again to the subscriber.
    pub(super) fn reconcile(&mut self) {
        let sent = self.outbox.iter().filter(|(_, row)| row.is_sent);
        let kept: Vec<_> = sent.map(|(seq, row)| (*seq, row.key)).take(3).collect();
        for (seq, key) in kept {
            let message = self.message(seq, key);
            self.store(message);
        }
    }
}
