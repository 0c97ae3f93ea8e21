//! What a point records: the dryer's recording, generated live signals, or nothing yet.

use std::sync::Arc;

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

/// Shape of a generated signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// 0 to 100 twice a day.
    Sinusoid,
    /// The same, three hours later.
    SinusoidLate,
    /// A wandering temperature.
    Temperature,
    /// The mode of a controller.
    Mode,
    /// A whole number that rises and falls.
    Steps,
    /// A temperature whose transmitter fails now and then.
    FailingSensor,
    /// Several values with one timestamp.
    Burst,
    /// The name of a phase.
    Phase,
    /// A whole number that counts the intervals.
    Count,
    /// The same, and one in ten arrives five intervals late.
    Late,
    /// The same, and one in ten is corrected five intervals later: ten times as much, marked as substituted.
    Corrected,
}

impl Shape {
    /// How many intervals later a sample arrives, or is corrected.
    fn delay(self, index: i64) -> i64 {
        match (self, index.rem_euclid(10)) {
            (Self::Late | Self::Corrected, 3) => 5,
            _ => 0,
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

/// The modes of a controller.
pub const MODES: [&str; 4] = ["Manual", "Auto", "Cascade", "Program"];
const PHASES: [&str; 4] = ["Charge", "Heat", "Hold", "Discharge"];

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

fn correct(sample: &mut Sample) {
    if let Reading::Whole(number) = &mut sample.reading {
        *number *= 10;
    }
    sample.substituted = true;
}

fn generate(shape: Shape, time: Micros, index: i64, samples: &mut Vec<Sample>) {
    let good = |reading| Sample::new(time, reading);
    match shape {
        Shape::Sinusoid => samples.push(good(single(
            50.0 + 50.0 * (2.0 * day_angle(time, 0.0)).sin(),
        ))),
        Shape::SinusoidLate => samples.push(good(single(
            50.0 + 50.0 * (2.0 * day_angle(time, 0.125)).sin(),
        ))),
        Shape::Temperature => samples.push(good(single(temperature(time, index)))),
        Shape::Steps => samples.push(good(Reading::Whole(70 + (hash(index / 5) % 60)))),
        Shape::Mode => {
            let value = hash(index / 20) % 4;
            let name = usize::try_from(value)
                .ok()
                .and_then(|place| MODES.get(place))
                .copied()
                .unwrap_or("Manual");
            samples.push(good(Reading::State {
                name,
                value,
                system: false,
            }));
        }
        Shape::Phase => {
            let place = usize::try_from(index.rem_euclid(4)).unwrap_or(0);
            samples.push(good(Reading::Text(
                PHASES.get(place).copied().unwrap_or_default().to_owned(),
            )));
        }
        Shape::FailingSensor => samples.push(failing(time, index)),
        Shape::Count | Shape::Late | Shape::Corrected => {
            samples.push(good(Reading::Whole(index.rem_euclid(1_000_000))));
        }
        Shape::Burst => {
            let repeats = if index.rem_euclid(10) == 0 { 3 } else { 1 };
            samples.extend(
                (0..repeats)
                    .map(|repeat| good(Reading::Whole(index.rem_euclid(1000) * 10 + repeat))),
            );
        }
    }
}

fn failing(time: Micros, index: i64) -> Sample {
    match index.rem_euclid(97) {
        20..=24 => Sample::new(time, IO_TIMEOUT),
        60 => Sample::new(time, BAD_INPUT),
        80 => Sample {
            questionable: true,
            ..Sample::new(time, single(temperature(time, index)))
        },
        _ => Sample::new(time, single(temperature(time, index))),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a phase of a day")]
fn day_angle(time: Micros, shift: f64) -> f64 {
    (time.rem_euclid(86_400_000_000) as f64 / 86_400_000_000.0 - shift) * std::f64::consts::TAU
}

#[expect(clippy::cast_precision_loss, reason = "a number below 1,000")]
fn temperature(time: Micros, index: i64) -> f64 {
    150.0 + 20.0 * (7.0 * day_angle(time, 0.0)).sin() + (hash(index) % 1000) as f64 / 100.0
}

/// A value of a Float32 point: the shortest decimal of the single, as PI prints it.
#[expect(clippy::cast_possible_truncation, reason = "the point stores singles")]
fn single(value: f64) -> Reading {
    Reading::Number((value as f32).to_string().parse().unwrap_or(value))
}

/// The same noise on every start (`SplitMix64`), never negative.
pub fn hash(index: i64) -> i64 {
    let mut z = index.cast_unsigned().wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 2).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: Micros = 1_000_000_000_000_000;
    const NOW: Micros = CREATED + 100_000_000_000;

    fn signal(shape: Shape) -> Signal {
        Signal::Live {
            shape,
            created: CREATED,
            interval: 30_000_000,
        }
    }

    #[test]
    fn a_live_point_begins_with_pt_created_and_goes_on_to_now() {
        let samples = signal(Shape::Sinusoid).range(0, NOW + 1_000_000_000, NOW);
        assert_eq!(samples[0].reading, PT_CREATED);
        assert!(
            samples.last().unwrap().time <= NOW && samples.last().unwrap().time > NOW - 30_000_000
        );
        assert_eq!(samples, signal(Shape::Sinusoid).range(0, NOW, NOW));
    }

    #[test]
    fn neighbours_agree_with_the_range() {
        for shape in [Shape::Temperature, Shape::Burst, Shape::FailingSensor] {
            let samples = signal(shape).range(CREATED, NOW, NOW);
            for pair in samples
                .windows(2)
                .filter(|pair| pair[0].time < pair[1].time)
            {
                assert_eq!(
                    signal(shape).previous(pair[1].time, true, NOW).unwrap(),
                    pair[0]
                );
                assert_eq!(
                    signal(shape).following(pair[0].time, true, NOW).unwrap(),
                    pair[1]
                );
            }
        }
    }

    #[test]
    fn late_and_corrected_values_arrive_as_they_become_known() {
        let until = CREATED + 40 * 30_000_000;
        for (shape, updates) in [(Shape::Late, 0), (Shape::Corrected, 3)] {
            let signal = signal(shape);
            let once = signal.arrivals(CREATED, until);
            let steps: Vec<Arrival> = (0..20)
                .flat_map(|step| {
                    let from = CREATED + step * 60_000_000;
                    signal.arrivals(from, from + 60_000_000)
                })
                .collect();
            assert_eq!(once, steps);
            let updated = once.iter().filter(|arrival| arrival.action == "Update");
            assert_eq!(updated.count(), updates);
            // Applied in order, what arrived is what can be read.
            let mut known = std::collections::BTreeMap::new();
            for arrival in once {
                known.insert(arrival.sample.time, arrival.sample);
            }
            let read = signal.range(CREATED + 1, until, until);
            assert_eq!(known.into_values().collect::<Vec<_>>(), read);
        }
    }

    #[test]
    fn what_has_not_happened_yet_is_not_served() {
        let recorded = Signal::Recorded(Arc::new(vec![(10, 1.0), (20, 2.0), (30, 3.0)]));
        assert_eq!(recorded.range(0, 100, 25).len(), 2);
        assert_eq!(recorded.previous(100, false, 25).unwrap().time, 20);
        assert_eq!(recorded.following(21, false, 25), None);
        assert_eq!(recorded.following(20, false, 25).unwrap().time, 20);
    }
}
