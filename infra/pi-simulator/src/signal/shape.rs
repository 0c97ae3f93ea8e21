//! The shapes of generated signals.

use super::{BAD_INPUT, IO_TIMEOUT, Reading, Sample};
use crate::time::Micros;

/// The modes of a controller.
pub const MODES: [&str; 4] = ["Manual", "Auto", "Cascade", "Program"];
const PHASES: [&str; 4] = ["Charge", "Heat", "Hold", "Discharge"];

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
    pub(super) fn delay(self, index: i64) -> i64 {
        match (self, index.rem_euclid(10)) {
            (Self::Late | Self::Corrected, 3) => 5,
            _ => 0,
        }
    }
}

pub(super) fn correct(sample: &mut Sample) {
    if let Reading::Whole(number) = &mut sample.reading {
        *number *= 10;
    }
    sample.substituted = true;
}

pub(super) fn generate(shape: Shape, time: Micros, index: i64, samples: &mut Vec<Sample>) {
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
