//! Generated transitions of conductivity whose moments are known.
//!
//! A column of [`LENGTH`] is run with [`FLOW`]; times are counted in column volumes (CV) of [`COLUMN_VOLUME`], ten minutes each. At 6 CV
//! buffer B replaces A and at 9 CV A replaces B; the conductivity after the column follows each step as the distribution function of an
//! exponentially modified Gaussian whose mean is 1 CV. The Gaussian part broadens slowly from cycle to cycle, and in the cycle
//! [`CHANNELLING`] a part of the flow takes a short way through the bed. Noise is the same on every start.

use crate::signal::{Reading, Sample, hash};
use crate::time::Micros;

/// How many cycles there are.
pub const CYCLES: i64 = 120;
/// The cycle with a channel through the bed.
pub const CHANNELLING: i64 = 87;
/// Length of the bed in cm.
pub const LENGTH: f64 = 20.0;
/// Volume of the bed in mL.
pub const COLUMN_VOLUME: f64 = 1000.0;
/// Flow in mL/min.
pub const FLOW: f64 = 100.0;
/// Names of the phases, 3 CV each.
pub const PHASES: [&str; 4] = ["Equilibrate", "Load", "Elute", "Regenerate"];

const STEP: Micros = 2_000_000;
const PHASE: Micros = 30 * 60_000_000;
const RUN: Micros = 4 * PHASE;
const PERIOD: Micros = RUN + 60 * 60_000_000;
const TAU: f64 = 0.03;
/// Conductivity of buffer A and how much more that of B is, in mS/cm.
const LEVELS: (f64, f64) = (5.0, 50.0);
const NOISE: f64 = 0.02;
/// Share, mean and width of what goes through the channel, in CV.
const CHANNEL: (f64, f64, f64) = (0.12, 0.6, 0.05);

/// What the skid measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Conductivity after the column.
    Conductivity,
    /// Flow through it.
    Flow,
}

/// The cycles placed in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cycles {
    first: Micros,
}

/// The first two moments of a transition, in CV.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Variance; the plate height is `LENGTH * variance / mean^2`.
    pub variance: f64,
}

/// Width of the Gaussian part in a cycle: 0.03 CV in the first one, 0.4 % of that more in each that follows.
#[expect(clippy::cast_precision_loss, reason = "a number below 1,000")]
fn sigma(cycle: i64) -> f64 {
    0.03 * (1.0 + 0.004 * (cycle - 1) as f64)
}

/// The moments of both transitions of a cycle.
pub fn moments(cycle: i64) -> Moments {
    let variance = sigma(cycle).powi(2) + TAU * TAU;
    if cycle != CHANNELLING {
        return Moments {
            mean: 1.0,
            variance,
        };
    }
    let (share, mean, width) = CHANNEL;
    Moments {
        mean: 1.0 - share * (1.0 - mean),
        variance: (1.0 - share) * variance
            + share * width * width
            + share * (1.0 - share) * (1.0 - mean).powi(2),
    }
}

/// How much of a step has come through after a volume.
fn through(volume: f64, cycle: i64) -> f64 {
    let sigma = sigma(cycle);
    let from_mean = volume - (1.0 - TAU);
    // Most of a cycle lies so far from the step that no digit a transmitter gives tells the difference.
    if cycle != CHANNELLING && from_mean > 40.0 * sigma.max(TAU) {
        return 1.0;
    }
    if cycle != CHANNELLING && from_mean < -10.0 * sigma {
        return 0.0;
    }
    let tail = (sigma * sigma / (2.0 * TAU * TAU) - from_mean / TAU).exp();
    // Far before the step the tail would be infinity times zero.
    let slow = if from_mean < -10.0 * sigma {
        0.0
    } else {
        tail * normal(from_mean / sigma - sigma / TAU)
    };
    let whole = normal(from_mean / sigma) - slow;
    if cycle != CHANNELLING {
        return whole;
    }
    let (share, mean, width) = CHANNEL;
    (1.0 - share) * whole + share * normal((volume - mean) / width)
}

/// The normal distribution function, by its series and, in the tails, its continued fraction.
fn normal(x: f64) -> f64 {
    let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    if x.abs() < 3.0 {
        let (mut term, mut sum, mut odd) = (x, x, 1.0);
        while term.abs() > 1e-17 {
            odd += 2.0;
            term *= x * x / odd;
            sum += term;
        }
        return 0.5 + density * sum;
    }
    let far = x.abs();
    let fraction = (1..=60)
        .rev()
        .fold(far, |below, k| far + f64::from(k) / below);
    let tail = density / fraction;
    if x > 0.0 { 1.0 - tail } else { tail }
}

impl Cycles {
    /// Cycles of which the last one ends at a time.
    pub fn ending(end: Micros) -> Self {
        Self {
            first: end - RUN - (CYCLES - 1) * PERIOD,
        }
    }

    /// First instant of a cycle, counted from one.
    pub fn start(self, cycle: i64) -> Micros {
        self.first + (cycle - 1) * PERIOD
    }

    /// Last instant of a cycle.
    pub fn end(self, cycle: i64) -> Micros {
        self.start(cycle) + RUN
    }

    /// Name, start and end of the phases of a cycle.
    pub fn phases(self, cycle: i64) -> [(&'static str, Micros, Micros); 4] {
        let start = self.start(cycle);
        [0, 1, 2, 3].map(|place| {
            let from = start + i64::try_from(place).unwrap_or(0) * PHASE;
            (PHASES[place], from, from + PHASE)
        })
    }

    /// The time of the last sample at or before a time.
    pub fn before(self, time: Micros) -> Option<Micros> {
        let passed = time - self.first;
        if passed < 0 {
            return None;
        }
        let cycle = (passed / PERIOD).min(CYCLES - 1);
        let within = (passed - cycle * PERIOD).min(RUN);
        Some(self.first + cycle * PERIOD + within / STEP * STEP)
    }

    /// The time of the first sample at or after a time.
    pub fn after(self, time: Micros) -> Option<Micros> {
        let passed = (time - self.first).max(0);
        let cycle = passed / PERIOD;
        let within = (passed - cycle * PERIOD + STEP - 1) / STEP * STEP;
        let (cycle, within) = if within > RUN {
            (cycle + 1, 0)
        } else {
            (cycle, within)
        };
        (cycle < CYCLES).then_some(self.first + cycle * PERIOD + within)
    }

    /// The sample at a time at which there is one.
    #[expect(clippy::cast_precision_loss, reason = "microseconds of one cycle")]
    pub fn sample(self, quantity: Quantity, time: Micros) -> Sample {
        let passed = time - self.first;
        let cycle = passed / PERIOD + 1;
        let volume = (passed % PERIOD) as f64 / 60e6 * FLOW / COLUMN_VOLUME;
        let noise = (hash(time / STEP) % 20_001) as f64 / 10_000.0 - 1.0;
        let value = match quantity {
            Quantity::Conductivity => {
                let step = through(volume - 6.0, cycle) - through(volume - 9.0, cycle);
                LEVELS.0 + LEVELS.1 * step + NOISE * noise
            }
            Quantity::Flow => FLOW + 0.5 * noise,
        };
        // As many digits as a transmitter gives.
        Sample::new(time, Reading::Number((value * 1e4).round() / 1e4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution_is_exact_to_the_last_digits() {
        for (x, expected) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_542_9),
            (-2.5, 0.006_209_665_325_776_132),
            (3.5, 0.999_767_370_920_964_5),
            (-6.0, 9.865_876_450_377_018e-10),
        ] {
            assert!((normal(x) / expected - 1.0).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn the_moments_of_every_transition_are_those_that_are_told() {
        for cycle in [1, 60, CHANNELLING, CYCLES] {
            let step = 1e-4;
            let (mut mean, mut square) = (0.0, 0.0);
            for place in 0..30_000 {
                let low = f64::from(place) * step;
                let part = through(low + step, cycle) - through(low, cycle);
                let middle = low + step / 2.0;
                mean += middle * part;
                square += middle * middle * part;
            }
            let told = moments(cycle);
            assert!((mean - told.mean).abs() < 1e-6, "{cycle}");
            let variance = square - mean * mean;
            assert!((variance - told.variance).abs() < 1e-6, "{cycle}");
        }
        assert!(moments(CHANNELLING).variance > 5.0 * moments(CHANNELLING - 1).variance);
    }

    #[test]
    fn samples_stand_on_a_grid_within_the_cycles() {
        let cycles = Cycles::ending(1_800_000_000_000_000);
        let last = cycles.end(CYCLES);
        assert_eq!(cycles.before(i64::MAX / 2), Some(last));
        assert_eq!(cycles.after(last + 1), None);
        assert_eq!(cycles.before(cycles.start(1) - 1), None);
        assert_eq!(cycles.after(0), Some(cycles.start(1)));
        assert_eq!(cycles.after(cycles.end(5) + 1), Some(cycles.start(6)));
        assert_eq!(cycles.before(cycles.start(6) - 1), Some(cycles.end(5)));
    }
}
