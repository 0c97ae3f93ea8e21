//! What a point records: the dryer's recording, generated live signals, or nothing yet.

mod shape;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use self::shape::{MODES, Shape, hash};
use self::shape::{correct, generate};
use crate::chromatography::{Cycles, Quantity};
use crate::time::Micros;

/// A value as PI stores it.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A floating point number.
    Number(f64),
    /// A whole number.
    Whole(i64),
    /// Text.
    Text(String),
    /// A state of a digital set, or a system state in place of a value (never good).
    State {
        /// Name of the state.
        name: &'static str,
        /// Number of the state.
        value: i64,
        /// Whether it stands in place of a value.
        system: bool,
    },
}

impl Reading {
    /// The number, where there is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "demo values are small")]
            Self::Whole(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// The value in words.
    pub fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::State { name, .. } => (*name).to_owned(),
        }
    }

    /// Whether it is a value and not a system state.
    pub fn good(&self) -> bool {
        !matches!(self, Self::State { system: true, .. })
    }
}

/// A system state.
pub const fn system_state(name: &'static str, value: i64) -> Reading {
    Reading::State {
        name,
        value,
        system: true,
    }
}

/// Where no value is known.
pub const NO_DATA: Reading = system_state("No Data", 248);
/// The first event of every point.
pub const PT_CREATED: Reading = system_state("Pt Created", 253);
/// The source did not answer.
pub const IO_TIMEOUT: Reading = system_state("I/O Timeout", 246);
/// The source answered nonsense.
pub const BAD_INPUT: Reading = system_state("Bad Input", 255);

/// A calculation that has no value.
pub const CALC_FAILED: Reading = system_state("Calc Failed", 249);

/// One event of a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When.
    pub time: Micros,
    /// What.
    pub reading: Reading,
    /// PI's mark for a doubtful value.
    pub questionable: bool,
    /// Whether it stands in place of another value.
    pub substituted: bool,
    /// Whether somebody wrote a note to it.
    pub annotated: bool,
}

impl Sample {
    /// An unmarked sample.
    pub fn new(time: Micros, reading: Reading) -> Self {
        Self {
            time,
            reading,
            questionable: false,
            substituted: false,
            annotated: false,
        }
    }
}

/// Something that became known of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// When it became known.
    pub at: Micros,
    /// `Add` or `Update`.
    pub action: &'static str,
    /// The new value.
    pub sample: Sample,
}

/// Where the samples of a point come from.
#[derive(Debug, Clone)]
pub enum Signal {
    /// Recorded numbers in order of time.
    Recorded(Arc<Vec<(Micros, f64)>>),
    /// Any samples in order of time.
    Events(Arc<Vec<Sample>>),
    /// A sensor of the chromatography skid.
    Skid {
        /// Which.
        quantity: Quantity,
        /// When it measured.
        cycles: Cycles,
    },
    /// One value every `interval` since `created`.
    Live {
        /// What it looks like.
        shape: Shape,
        /// Time of the first event, a system state.
        created: Micros,
        /// Distance of the samples.
        interval: Micros,
    },
    /// Created, never written.
    Silent {
        /// Time of its only event.
        created: Micros,
    },
}

impl Signal {
    /// Every sample from `from` to `to`, both included, that had happened at `now`.
    pub fn range(&self, from: Micros, to: Micros, now: Micros) -> Vec<Sample> {
        let to = to.min(now);
        match self {
            Self::Recorded(samples) => {
                let first = samples.partition_point(|sample| sample.0 < from);
                let last = samples.partition_point(|sample| sample.0 <= to);
                let part = samples.get(first..last).unwrap_or_default();
                part.iter()
                    .map(|&(time, value)| Sample::new(time, Reading::Number(value)))
                    .collect()
            }
            Self::Events(samples) => {
                let first = samples.partition_point(|sample| sample.time < from);
                let last = samples.partition_point(|sample| sample.time <= to);
                samples.get(first..last).unwrap_or_default().to_vec()
            }
            Self::Skid { quantity, cycles } => {
                let times =
                    std::iter::successors(cycles.after(from), |time| cycles.after(time + 1));
                times
                    .take_while(|time| *time <= to)
                    .map(|time| cycles.sample(*quantity, time))
                    .collect()
            }
            Self::Live {
                shape,
                created,
                interval,
            } => live_range(*shape, *created, *interval, (from, to), now),
            Self::Silent { created } => first_event(*created, from, to).collect(),
        }
    }

    /// What became known after one moment, up to another, in the order in which it did.
    pub fn arrivals(&self, after: Micros, until: Micros) -> Vec<Arrival> {
        let Self::Live {
            shape: shape @ (Shape::Late | Shape::Corrected),
            interval,
            created,
        } = self
        else {
            let samples = self.range(after + 1, until, until).into_iter();
            return samples.map(added).collect();
        };
        let mut arrivals = Vec::new();
        for sample in self.range((after - 5 * interval).max(*created) + 1, until, until) {
            let delay = shape.delay(sample.time.div_euclid(*interval)) * interval;
            let at = sample.time + delay;
            if sample.time > after && (*shape == Shape::Corrected || delay == 0) {
                let as_it_was = self.range(sample.time, sample.time, sample.time);
                arrivals.extend(as_it_was.into_iter().map(added));
            }
            if delay > 0 && after < at && at <= until {
                let late = *shape == Shape::Late;
                let action = if late { "Add" } else { "Update" };
                arrivals.push(Arrival { at, action, sample });
            }
        }
        arrivals.sort_by_key(|arrival| arrival.at);
        arrivals
    }

    /// The last sample at or before a time (before it, if `strictly`).
    pub fn previous(&self, time: Micros, strictly: bool, now: Micros) -> Option<Sample> {
        let time = (if strictly { time - 1 } else { time }).min(now);
        match self {
            Self::Recorded(samples) => {
                let index = samples
                    .partition_point(|sample| sample.0 <= time)
                    .checked_sub(1)?;
                samples
                    .get(index)
                    .map(|&(time, value)| Sample::new(time, Reading::Number(value)))
            }
            Self::Events(samples) => {
                let index = samples.partition_point(|sample| sample.time <= time);
                samples.get(index.checked_sub(1)?).cloned()
            }
            Self::Skid { quantity, cycles } => Some(cycles.sample(*quantity, cycles.before(time)?)),
            Self::Live {
                interval, created, ..
            } => self
                .range(time - 2 * interval, time, now)
                .pop()
                .or_else(|| first_event(*created, *created, time).next()),
            Self::Silent { created } => first_event(*created, *created, time).next(),
        }
    }

    /// The first sample at or after a time (after it, if `strictly`).
    pub fn following(&self, time: Micros, strictly: bool, now: Micros) -> Option<Sample> {
        let time = if strictly { time + 1 } else { time };
        match self {
            Self::Recorded(samples) => {
                let &(at, value) =
                    samples.get(samples.partition_point(|sample| sample.0 < time))?;
                (at <= now).then(|| Sample::new(at, Reading::Number(value)))
            }
            Self::Events(samples) => {
                let index = samples.partition_point(|sample| sample.time < time);
                samples
                    .get(index)
                    .filter(|sample| sample.time <= now)
                    .cloned()
            }
            Self::Skid { quantity, cycles } => cycles
                .after(time)
                .filter(|time| *time <= now)
                .map(|time| cycles.sample(*quantity, time)),
            Self::Live {
                interval, created, ..
            } => {
                let time = time.max(*created);
                self.range(time, time + 2 * interval, now)
                    .into_iter()
                    .next()
            }
            Self::Silent { created } => first_event(*created, time, now).next(),
        }
    }
}

fn added(sample: Sample) -> Arrival {
    Arrival {
        at: sample.time,
        action: "Add",
        sample,
    }
}

fn first_event(created: Micros, from: Micros, to: Micros) -> impl Iterator<Item = Sample> {
    (from <= created && created <= to)
        .then(|| Sample::new(created, PT_CREATED))
        .into_iter()
}

fn live_range(
    shape: Shape,
    created: Micros,
    interval: Micros,
    (from, to): (Micros, Micros),
    now: Micros,
) -> Vec<Sample> {
    let mut samples: Vec<Sample> = first_event(created, from, to).collect();
    let start = from.max(created + 1);
    let mut time = start + (-start).rem_euclid(interval);
    while time <= to {
        let index = time.div_euclid(interval);
        let corrected = time + shape.delay(index) * interval <= now;
        if corrected || shape != Shape::Late {
            let first = samples.len();
            generate(shape, time, index, &mut samples);
            if corrected && shape == Shape::Corrected && shape.delay(index) > 0 {
                samples.iter_mut().skip(first).for_each(correct);
            }
        }
        time += interval;
    }
    samples
}
