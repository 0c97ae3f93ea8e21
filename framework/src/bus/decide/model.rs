//! A seeded model of delivery: a publisher, a bus that may do anything, a subscriber with two processes and an operator. It does
//! what is decided here, in an order that the seed chooses, and checks that every committed event has one effect, in the order
//! of its key, unless the operator gave it up.
//!
//! `DCP_MODEL_SEEDS` says how many seeds, `DCP_MODEL_SEED` which one alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

use super::{Admission, Decision, Failure, KeyState, admit, judge};

/// Seeds of an ordinary test run.
const SEEDS: u64 = 20_000;
/// Steps before everything is left to settle.
const STEPS: usize = 120;
const KEYS: u64 = 3;

/// A message as it travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Message {
    seq: i64,
    key: u64,
    follows: Option<i64>,
    attempts: u32,
}

/// A row of the outbox.
#[derive(Debug, Clone, Copy)]
struct Row {
    key: u64,
    is_sent: bool,
}

/// A parked message; `is_due` is set for the first of its key only.
#[derive(Debug, Clone, Copy)]
struct Parked {
    message: Message,
    is_due: bool,
}

#[derive(Debug)]
struct World {
    random: StdRng,
    /// What has been asked for so far; no fault happens once it is over.
    is_rough: bool,
    committed: Vec<(i64, u64)>,
    outbox: BTreeMap<i64, Row>,
    queue: VecDeque<Message>,
    /// Handed out to one of the processes, in order, without verdict.
    held: VecDeque<Message>,
    recorded: BTreeSet<i64>,
    parked: BTreeMap<i64, Parked>,
    dead: BTreeMap<i64, Message>,
    given_up: BTreeSet<i64>,
    effects: Vec<(i64, u64)>,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            is_rough: true,
            committed: Vec::new(),
            outbox: BTreeMap::new(),
            queue: VecDeque::new(),
            held: VecDeque::new(),
            recorded: BTreeSet::new(),
            parked: BTreeMap::new(),
            dead: BTreeMap::new(),
            given_up: BTreeSet::new(),
            effects: Vec::new(),
        }
    }

    /// Whether something happens that does so once in `times`, while faults are allowed.
    fn chance(&mut self, times: u32) -> bool {
        self.is_rough && self.random.random_range(0..times) == 0
    }

    fn step(&mut self) {
        match self.random.random_range(0..14) {
            0..=2 => self.commit(),
            3..=4 => self.relay(),
            5..=8 => self.consume(),
            9 => self.run_parked(),
            10 => self.reconcile(),
            11 => self.operate(),
            12 => self.hand_over(),
            _ => self.lose_disk(),
        }
    }

    /// A transaction of the publisher.
    fn commit(&mut self) {
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
    fn relay(&mut self) {
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

    /// One message of the consumer, which may die at any point.
    fn consume(&mut self) {
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

    /// The publisher hears that a message is in the subscriber's database, or the notice is lost.
    fn receipt(&mut self, seq: i64) {
        if !self.chance(5) && self.outbox.get(&seq).is_some_and(|row| row.is_sent) {
            self.outbox.remove(&seq);
        }
    }

    /// Everything that one process held goes back to its place, for the other one.
    fn hand_over(&mut self) {
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

    fn park(&mut self, message: Message, is_first: bool) {
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
    fn go_on(&mut self, key: u64) {
        if self.dead.values().any(|dead| dead.key == key) {
            return;
        }
        if let Some(first) = self.parked.values_mut().find(|one| one.message.key == key) {
            first.is_due = true;
        }
    }

    fn run_parked(&mut self) {
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

    /// What was sent and is not recorded is sent again to the subscriber.
    fn reconcile(&mut self) {
        let sent = self.outbox.iter().filter(|(_, row)| row.is_sent);
        let kept: Vec<_> = sent.map(|(seq, row)| (*seq, row.key)).take(3).collect();
        for (seq, key) in kept {
            let message = self.message(seq, key);
            self.store(message);
        }
    }

    /// An operator decides about the oldest dead letter.
    fn operate(&mut self) {
        let Some((seq, message)) = self.dead.pop_first() else {
            return;
        };
        if self.chance(3) {
            self.given_up.insert(seq);
            self.recorded.insert(seq);
            self.go_on(message.key);
        } else {
            let first_attempt = Message {
                attempts: 0,
                ..message
            };
            self.park(first_attempt, true);
        }
    }

    /// The broker comes back empty.
    fn lose_disk(&mut self) {
        if self.chance(4) {
            self.queue.clear();
            self.held.clear();
        }
    }

    /// Everything runs on without faults until nothing is left to do.
    fn settle(&mut self) {
        self.is_rough = false;
        for _ in 0..2_000 {
            self.relay();
            self.reconcile();
            while !(self.queue.is_empty() && self.held.is_empty()) {
                self.consume();
            }
            self.run_parked();
            self.operate();
            if self.outbox.is_empty() && self.parked.is_empty() && self.dead.is_empty() {
                return;
            }
        }
        panic!("it never settles: {self:?}");
    }

    fn check(&self) {
        let mut done: Vec<i64> = self.effects.iter().map(|(seq, _)| *seq).collect();
        done.extend(&self.given_up);
        done.sort_unstable();
        let committed: Vec<i64> = self.committed.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(done, committed, "each event has one effect or is given up");
        for key in 0..KEYS {
            let of_key = self.effects.iter().filter(|(_, of)| *of == key);
            let order: Vec<i64> = of_key.map(|(seq, _)| *seq).collect();
            assert!(order.is_sorted(), "key {key} took effect as {order:?}");
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads its environment")]
fn every_order_of_events_leaves_one_effect_each_in_the_order_of_its_key() {
    let number = |name| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seeds = match number("DCP_MODEL_SEED") {
        Some(one) => one..one + 1,
        None => 0..number("DCP_MODEL_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        let run = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            for _ in 0..STEPS {
                world.step();
            }
            world.settle();
            world.check();
            world.effects.len()
        });
        assert!(run.is_ok(), "DCP_MODEL_SEED={seed} shows it");
    }
}
