//! How values are read from a signal: recorded, interpolated, plotted, at one time.

use crate::refusal::Refusal;
use crate::signal::{NO_DATA, Reading, Sample, Signal};
use crate::time::Micros;

/// The largest number of values in one answer.
pub const MAX_RETURNED: usize = 150_000;

/// A signal as one request sees it.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The signal.
    pub signal: &'a Signal,
    /// Whether a value holds until the next one.
    pub step: bool,
    /// The present.
    pub now: Micros,
}

/// What happens at the ends of a recorded range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Boundary {
    /// Only samples inside.
    #[default]
    Inside,
    /// Also the neighbours outside.
    Outside,
    /// Interpolated values at both ends.
    Interpolated,
}

/// Which sample stands for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// At or before for stepped signals, interpolated in PI; here the sample at or before.
    #[default]
    Auto,
    /// The last one at or before.
    AtOrBefore,
    /// The last one before.
    Before,
    /// The first one at or after.
    AtOrAfter,
    /// The first one after.
    After,
    /// The one exactly there.
    Exact,
}

impl View<'_> {
    /// Recorded samples; descending when `end` is before `start`; cut silently after `limit`.
    pub fn recorded(
        &self,
        start: Micros,
        end: Micros,
        boundary: Boundary,
        limit: usize,
    ) -> Vec<Sample> {
        let (low, high) = (start.min(end), start.max(end));
        let mut samples = self.signal.range(low, high, self.now);
        match boundary {
            Boundary::Inside => {}
            Boundary::Outside => {
                samples.splice(0..0, self.signal.previous(low, true, self.now));
                samples.extend(self.signal.following(high, true, self.now));
            }
            Boundary::Interpolated => {
                if samples.first().is_none_or(|sample| sample.time > low) {
                    samples.insert(0, self.at(low));
                }
                if samples.last().is_none_or(|sample| sample.time < high) {
                    samples.push(self.at(high));
                }
            }
        }
        if end < start {
            samples.reverse();
        }
        samples.truncate(limit);
        samples
    }

    /// The value at one instant: linear between good numbers, else the value before; nothing is known of the future.
    pub fn at(&self, time: Micros) -> Sample {
        let Some(before) = self
            .signal
            .previous(time, false, self.now)
            .filter(|_| time <= self.now)
        else {
            return Sample::new(time, NO_DATA);
        };
        let held = Sample {
            time,
            ..before.clone()
        };
        if before.time == time || self.step {
            return held;
        }
        let after = self.signal.following(time, true, self.now);
        let next = after
            .as_ref()
            .and_then(|sample| sample.reading.number().map(|number| (sample.time, number)));
        match (before.reading.number(), next) {
            (Some(first), Some((then, second))) => {
                let value =
                    first + (second - first) * ratio(time - before.time, then - before.time);
                Sample {
                    reading: Reading::Number(value),
                    ..held
                }
            }
            _ => held,
        }
    }

    /// Values on a grid that begins at `start`, or passes through `anchor`.
    pub fn interpolated(
        &self,
        start: Micros,
        end: Micros,
        interval: Micros,
        anchor: Option<Micros>,
    ) -> Result<Vec<Sample>, Refusal> {
        let direction = if end < start { -1 } else { 1 };
        let first = anchor.map_or(start, |anchor| {
            start + direction * (direction * (anchor - start)).rem_euclid(interval)
        });
        let count = ((end - first) * direction).div_euclid(interval) + 1;
        if count > Micros::try_from(MAX_RETURNED).unwrap_or(Micros::MAX) {
            return Err(Refusal::bad_request(format!(
                "The number of values is greater than the maximum allowed ({MAX_RETURNED})."
            )));
        }
        Ok((0..count.max(0))
            .map(|step| self.at(first + direction * step * interval))
            .collect())
    }

    /// The same grid with one more value on either side where the range is not enclosed.
    pub fn enclosing(
        &self,
        mut grid: Vec<Sample>,
        (start, end): (Micros, Micros),
        interval: Micros,
    ) -> Vec<Sample> {
        let step = if end < start { -interval } else { interval };
        if let Some(first) = grid
            .first()
            .map(|sample| sample.time)
            .filter(|time| *time != start)
        {
            grid.insert(0, self.at(first - step));
        }
        if let Some(last) = grid
            .last()
            .map(|sample| sample.time)
            .filter(|time| *time != end)
        {
            grid.push(self.at(last + step));
        }
        grid
    }

    /// Up to five samples per interval: first, last, smallest, largest and one bad one, with values at both ends.
    pub fn plot(&self, start: Micros, end: Micros, intervals: usize) -> Vec<Sample> {
        let (low, high) = (start.min(end), start.max(end));
        let parts = Micros::try_from(intervals.max(1)).unwrap_or(Micros::MAX);
        let width = ((high - low) / parts).max(1);
        let mut kept: Vec<Sample> = Vec::new();
        let samples = self.recorded(low, high.min(self.now), Boundary::Interpolated, usize::MAX);
        for part in samples.chunk_by(|a, b| (a.time - low) / width == (b.time - low) / width) {
            kept.extend(extremes(part));
        }
        if end < start {
            kept.reverse();
        }
        kept
    }

    /// The sample that stands for a time.
    pub fn recorded_at(&self, time: Micros, mode: Mode) -> Option<Sample> {
        match mode {
            Mode::Auto | Mode::AtOrBefore => self.signal.previous(time, false, self.now),
            Mode::Before => self.signal.previous(time, true, self.now),
            Mode::AtOrAfter => self.signal.following(time, false, self.now),
            Mode::After => self.signal.following(time, true, self.now),
            Mode::Exact => self
                .signal
                .previous(time, false, self.now)
                .filter(|sample| sample.time == time),
        }
    }

    /// The newest sample.
    pub fn snapshot(&self) -> Sample {
        self.signal
            .previous(self.now, false, self.now)
            .unwrap_or_else(|| Sample::new(self.now, NO_DATA))
    }
}

fn extremes(part: &[Sample]) -> Vec<Sample> {
    let numbers = || {
        part.iter()
            .enumerate()
            .filter_map(|(place, sample)| sample.reading.number().map(|number| (place, number)))
    };
    let mut places = vec![0, part.len() - 1];
    places.extend(
        numbers()
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(place, _)| place),
    );
    places.extend(
        numbers()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(place, _)| place),
    );
    places.extend(part.iter().position(|sample| !sample.reading.good()));
    places.sort_unstable();
    places.dedup();
    places
        .into_iter()
        .filter_map(|place| part.get(place).cloned())
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "distances of samples are far below 2^53 microseconds"
)]
fn ratio(part: Micros, whole: Micros) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn signal() -> Signal {
        Signal::Recorded(Arc::new(vec![(0, 0.0), (10, 10.0), (20, 0.0), (40, 4.0)]))
    }

    fn numbers(samples: &[Sample]) -> Vec<(Micros, Option<f64>)> {
        samples
            .iter()
            .map(|sample| (sample.time, sample.reading.number()))
            .collect()
    }

    #[test]
    fn boundaries_are_inside_outside_or_interpolated() {
        let signal = signal();
        let view = View {
            signal: &signal,
            step: false,
            now: 100,
        };
        assert_eq!(
            numbers(&view.recorded(5, 20, Boundary::Inside, 10)),
            [(10, Some(10.0)), (20, Some(0.0))]
        );
        assert_eq!(
            view.recorded(5, 15, Boundary::Outside, 10)
                .iter()
                .map(|s| s.time)
                .collect::<Vec<_>>(),
            [0, 10, 20]
        );
        assert_eq!(
            numbers(&view.recorded(5, 15, Boundary::Interpolated, 10)),
            [(5, Some(5.0)), (10, Some(10.0)), (15, Some(5.0))]
        );
        assert_eq!(
            numbers(&view.recorded(20, 0, Boundary::Inside, 2)),
            [(20, Some(0.0)), (10, Some(10.0))]
        );
    }

    #[test]
    fn the_grid_includes_both_ends_and_the_future_is_unknown() {
        let signal = signal();
        let view = View {
            signal: &signal,
            step: false,
            now: 30,
        };
        let values = numbers(&view.interpolated(0, 20, 5, None).unwrap());
        assert_eq!(
            values,
            [
                (0, Some(0.0)),
                (5, Some(5.0)),
                (10, Some(10.0)),
                (15, Some(5.0)),
                (20, Some(0.0))
            ]
        );
        assert_eq!(
            numbers(&view.interpolated(20, 10, 5, None).unwrap()),
            [(20, Some(0.0)), (15, Some(5.0)), (10, Some(10.0))]
        );
        assert_eq!(
            numbers(&view.interpolated(3, 12, 5, Some(0)).unwrap()),
            [(5, Some(5.0)), (10, Some(10.0))]
        );
        let grid = view.interpolated(3, 12, 5, Some(0)).unwrap();
        let times = view.enclosing(grid, (3, 12), 5);
        let times: Vec<Micros> = times.iter().map(|sample| sample.time).collect();
        assert_eq!(times, [0, 5, 10, 15]);
        assert_eq!(view.at(35).reading, NO_DATA);
        assert_eq!(view.at(-1).reading, NO_DATA);
        assert_eq!(view.at(30).reading, Reading::Number(0.0));
    }

    #[test]
    fn a_step_holds_its_value() {
        let signal = signal();
        let view = View {
            signal: &signal,
            step: true,
            now: 100,
        };
        assert_eq!(view.at(19).reading, Reading::Number(10.0));
    }

    /// What a stream is at an instant, found by looking at every sample; none before the first.
    #[expect(clippy::cast_precision_loss, reason = "small")]
    fn naive(samples: &[(Micros, f64)], at: Micros, step: bool) -> Option<f64> {
        let (from, value) = samples.iter().rfind(|(time, _)| *time <= at)?;
        let after = samples.iter().find(|(time, _)| *time > at);
        let sloping = after.filter(|_| !step && *from < at);
        Some(sloping.map_or(*value, |(to, next)| {
            value + (next - value) * ((at - from) as f64 / (to - from) as f64)
        }))
    }

    proptest! {
        #[test]
        fn a_grid_has_the_values_of_a_naive_reference(
            samples in prop::collection::vec((1_i64..5_000, -1e6_f64..1e6), 1..40), interval in 1_i64..7_000, step in any::<bool>()
        ) {
            let mut time = 0;
            let samples: Vec<(Micros, f64)> = samples.into_iter().map(|(distance, value)| { time += distance; (time, value) }).collect();
            let signal = Signal::Recorded(Arc::new(samples.clone()));
            let view = View { signal: &signal, step, now: time };
            let grid = numbers(&view.interpolated(0, time, interval, None).unwrap());
            let expected: Vec<Micros> = (0..=time).step_by(usize::try_from(interval).unwrap()).collect();
            prop_assert_eq!(grid.iter().map(|row| row.0).collect::<Vec<_>>(), expected);
            for (at, value) in grid {
                prop_assert_eq!(value, view.at(at).reading.number());
                match (value, naive(&samples, at, step)) {
                    (Some(value), Some(naive)) => prop_assert!((value - naive).abs() < 1e-6, "{at}: {value} {naive}"),
                    pair => prop_assert_eq!(pair.0, pair.1, "{}", at),
                }
            }
        }

        #[test]
        fn a_plot_keeps_the_smallest_and_the_largest_value(values in prop::collection::vec(-1e6_f64..1e6, 2..200), intervals in 1_usize..30) {
            let samples: Vec<_> = (0_i64..).step_by(1000).zip(values.iter().copied()).collect();
            let last = samples.last().unwrap().0;
            let signal = Signal::Recorded(Arc::new(samples));
            let plot = View { signal: &signal, step: false, now: last }.plot(0, last, intervals);
            let kept: Vec<f64> = plot.iter().filter_map(|sample| sample.reading.number()).collect();
            prop_assert!(kept.iter().copied().min_by(f64::total_cmp) == values.iter().copied().min_by(f64::total_cmp));
            prop_assert!(kept.iter().copied().max_by(f64::total_cmp) == values.iter().copied().max_by(f64::total_cmp));
            prop_assert!(plot.len() <= 5 * (intervals + 1) + 2);
        }
    }
}
