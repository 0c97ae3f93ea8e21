//! A figure: what rounds gave, and the line that is printed of them.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

/// One figure of alternating rounds.
#[derive(Debug)]
pub struct Figure {
    name: &'static str,
    unit: &'static str,
    /// Whether what the framework adds counts, and not the ratio.
    difference: bool,
    rounds: Vec<(f64, f64)>,
}

impl Figure {
    /// A rate or a latency: the ratio counts.
    pub fn rate(name: &'static str, unit: &'static str) -> Self {
        Self {
            name,
            unit,
            difference: false,
            rounds: Vec::new(),
        }
    }

    /// A cost: what the framework adds to the peer's counts.
    pub fn cost(name: &'static str, unit: &'static str) -> Self {
        Self {
            difference: true,
            ..Self::rate(name, unit)
        }
    }

    /// Adds one round.
    pub fn add(&mut self, ours: f64, peer: f64) {
        eprintln!(
            "{}: ours {ours:.1}, peer {peer:.1} {}",
            self.name, self.unit
        );
        self.rounds.push((ours, peer));
    }

    /// The medians of the rounds, as JSON.
    pub fn line(&self) -> serde_json::Value {
        let median_of = |of: fn(&(f64, f64)) -> f64| median(self.rounds.iter().map(of).collect());
        let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
        let (ours, peer) = (median_of(|round| round.0), median_of(|round| round.1));
        let mut line = json!({
            "name": self.name,
            "ratio": rounded(median_of(|(ours, peer)| ours / peer)),
            "ours": rounded(ours),
            "peer": rounded(peer),
            "unit": self.unit,
        });
        if self.difference {
            line["difference"] = rounded(median_of(|(ours, peer)| ours - peer)).into();
        }
        line
    }
}

/// The middle of the values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

/// The time and computing time that a number of messages took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    messages: f64,
    elapsed: Duration,
    cpu: Duration,
}

impl Cost {
    /// Messages a second.
    pub fn rate(&self) -> f64 {
        self.messages / self.elapsed.as_secs_f64()
    }

    /// Computing time of this process per message, in microseconds.
    pub fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.messages
    }
}

/// Takes the time of something.
#[derive(Debug)]
pub struct Stopwatch {
    began: Instant,
    cpu: Duration,
}

impl Stopwatch {
    /// Begins now.
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
            cpu: cpu(),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of messages are far below 2^52"
    )]
    /// What it took for this number of messages.
    pub fn stop(&self, messages: usize) -> Cost {
        Cost {
            messages: messages as f64,
            elapsed: self.began.elapsed(),
            cpu: cpu().saturating_sub(self.cpu),
        }
    }
}

/// The computing time of this process so far.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
