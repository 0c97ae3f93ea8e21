//! A seeded model of delivery: a publisher, a bus that may do anything, a subscriber with two processes and an operator. It does
//! what is decided here, in an order that the seed chooses, and checks that every committed event has one effect, in the order
//! of its key, unless the operator gave it up.
//!
//! `DCP_MODEL_SEEDS` says how many seeds, `DCP_MODEL_SEED` which one alone.

mod publisher;
mod subscriber;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

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
