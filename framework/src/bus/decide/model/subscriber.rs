//! The subscriber of the model: two processes that take messages, park them and run reactions, and may die at any point.

use super::super::{Admission, Decision, Failure, KeyState, admit, judge};
use super::{Message, Parked, World};
use rand::RngExt as _;
use uuid::Uuid;

impl World {
    /// One message of the consumer, which may die at any point.
    pub(super) fn consume(&mut self) {
        if self.held.is_empty() || self.chance(3) {
            self.held.extend(self.queue.pop_front());
        }
        let Some(message) = self.held.front().copied() else {
            return;
        };
        if self.chance(12) {
            return self.hand_over();
        }
        let is_done = self.take(message);
        if self.chance(12) {
            // It died after its commit and before the bus heard of it.
            return self.hand_over();
        }
        if is_done {
            self.held.pop_front();
            self.receipt(message.seq);
        }
    }

    /// Everything that one process held goes back to its place, for the other one.
    pub(super) fn hand_over(&mut self) {
        while let Some(message) = self.held.pop_back() {
            self.queue.push_front(message);
        }
    }

    fn state(&self, message: Message) -> KeyState {
        let of_key = |one: &&Parked| one.message.key == message.key;
        let first = self.parked.values().find(of_key).map(|one| one.message.seq);
        KeyState {
            held: self.parked.contains_key(&message.seq) || self.dead.contains_key(&message.seq),
            blocked: self.dead.values().any(|dead| dead.key == message.key),
            first: first.map(|seq| Uuid::from_u128(seq.unsigned_abs().into())),
            first_at: first,
            ready: self.is_ready(message),
        }
    }

    fn is_ready(&self, message: Message) -> bool {
        message
            .follows
            .is_none_or(|seq| self.recorded.contains(&seq) || self.dead.contains_key(&seq))
    }

    /// True says that the bus may forget the message.
    fn take(&mut self, message: Message) -> bool {
        if self.recorded.contains(&message.seq) {
            return true;
        }
        let state = self.state(message);
        match admit(&state, message.seq) {
            Admission::Held => true,
            Admission::Wait { is_first } => {
                self.park(message, is_first);
                true
            }
            Admission::Take => self.react(message, false),
        }
    }

    /// Runs a reaction and does what is decided; false says that the message is held.
    fn react(&mut self, message: Message, was_parked: bool) -> bool {
        let outcome = match self.random.random_range(0..20) {
            0..=2 if self.is_rough => Err(Failure::Later),
            3 if self.is_rough => Err(Failure::Never),
            4 if self.is_rough => Err(Failure::Away),
            _ => Ok(()),
        };
        match judge(outcome, message.attempts) {
            Decision::Hold => return false,
            Decision::Done => {
                self.recorded.insert(message.seq);
                self.effects.push((message.seq, message.key));
                self.parked.remove(&message.seq);
                self.go_on(message.key);
            }
            Decision::Again { attempts, .. } => {
                let message = Message {
                    attempts,
                    ..message
                };
                self.parked.remove(&message.seq);
                self.park(message, true);
            }
            Decision::Dead { .. } => {
                self.parked.remove(&message.seq);
                self.hold(message.key);
                self.dead.insert(message.seq, message);
                assert!(was_parked || !self.recorded.contains(&message.seq));
            }
        }
        true
    }

    /// Nothing parked under the key may try.
    fn hold(&mut self, key: u64) {
        let same_key = self
            .parked
            .values_mut()
            .filter(|one| one.message.key == key);
        same_key.for_each(|one| one.is_due = false);
    }

    pub(super) fn park(&mut self, message: Message, is_first: bool) {
        if is_first {
            self.hold(message.key);
        }
        let parked = Parked {
            message,
            is_due: is_first,
        };
        self.parked.insert(message.seq, parked);
    }

    /// Lets the first parked message of a key try, unless a dead letter is in front.
    pub(super) fn go_on(&mut self, key: u64) {
        if self.dead.values().any(|dead| dead.key == key) {
            return;
        }
        if let Some(first) = self.parked.values_mut().find(|one| one.message.key == key) {
            first.is_due = true;
        }
    }

    pub(super) fn run_parked(&mut self) {
        let due: Vec<Message> = self
            .parked
            .values()
            .filter(|one| one.is_due)
            .map(|one| one.message)
            .collect();
        for message in due {
            if self.recorded.contains(&message.seq) {
                self.parked.remove(&message.seq);
                self.go_on(message.key);
            } else if self.is_ready(message) {
                self.react(message, true);
            }
        }
    }
}
