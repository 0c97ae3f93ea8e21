//! Summaries of a range: weighted by time or by event.

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::retrieval::{Boundary, View};
use crate::signal::{NO_DATA, Reading, Sample};
use crate::time::Micros;

/// The summary types in PI's order, which `All` stands for.
pub const TYPES: [&str; 9] = [
    "Total",
    "Average",
    "Minimum",
    "Maximum",
    "Range",
    "StdDev",
    "PopulationStdDev",
    "Count",
    "PercentGood",
];

/// How the values of a range are weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    time_weighted: bool,
    /// Whether a value holds until the next one, whatever the stream says.
    step: Option<bool>,
    /// Whether events at the very start and at the very end count, where events are weighed.
    ends: (bool, bool),
}

impl Basis {
    /// Reads `calculationBasis`.
    pub fn read(text: Option<&str>) -> Result<Self, Refusal> {
        let text = text.unwrap_or("TimeWeighted");
        let (time_weighted, step, ends) = match text.to_ascii_lowercase().as_str() {
            "timeweighted" => (true, None, (true, true)),
            "timeweightedcontinuous" => (true, Some(false), (true, true)),
            "timeweighteddiscrete" => (true, Some(true), (true, true)),
            "eventweighted" | "eventweightedincludebothends" => (false, None, (true, true)),
            "eventweightedexcludemostrecentevent" => (false, None, (true, false)),
            "eventweightedexcludeearliestevent" => (false, None, (false, true)),
            _ => {
                return Err(Refusal::bad_request(format!(
                    "'{text}' is not a calculation basis."
                )));
            }
        };
        Ok(Self {
            time_weighted,
            step,
            ends,
        })
    }

    /// The same for a part of a range that another one follows: an event between them counts once.
    #[must_use]
    pub fn followed(self) -> Self {
        let end = self.ends.1 && self.time_weighted;
        Self {
            ends: (self.ends.0, end),
            ..self
        }
    }
}

/// A stretch of time with one good value.
struct Piece {
    value: f64,
    weight: f64,
}

/// What the summaries of one range are calculated from.
#[derive(Debug, Default)]
pub struct Summary {
    weight: f64,
    total_weight: f64,
    mean: f64,
    squares: f64,
    pieces: usize,
    minimum: Option<Sample>,
    maximum: Option<Sample>,
    numeric: bool,
    time_weighted: bool,
    seconds: f64,
}

impl Summary {
    /// Reads a range.
    pub fn of(view: &View<'_>, start: Micros, end: Micros, basis: Basis) -> Self {
        let time_weighted = basis.time_weighted;
        let boundary = if time_weighted {
            Boundary::Interpolated
        } else {
            Boundary::Inside
        };
        let (low, high) = (start.min(end), start.max(end));
        let mut view = *view;
        view.step = basis.step.unwrap_or(view.step);
        let mut samples = view.recorded(low, high, boundary, usize::MAX);
        samples.retain(|sample| {
            (basis.ends.0 || sample.time != low) && (basis.ends.1 || sample.time != high)
        });
        let mut summary = Self {
            time_weighted,
            seconds: seconds(end - start).abs(),
            ..Self::default()
        };
        summary.numeric = samples
            .iter()
            .all(|sample| sample.reading.number().is_some() || !sample.reading.good());
        for sample in samples
            .iter()
            .filter(|sample| sample.reading.number().is_some())
        {
            summary.extreme(sample);
        }
        if time_weighted {
            summary.weigh_time(view.step, &samples);
        } else {
            summary.total_weight = count(samples.len());
            samples
                .iter()
                .filter_map(|s| s.reading.number())
                .for_each(|value| summary.add(&Piece { value, weight: 1.0 }));
        }
        summary
    }

    fn weigh_time(&mut self, step: bool, samples: &[Sample]) {
        for pair in samples.windows(2) {
            let weight = seconds(pair[1].time - pair[0].time);
            self.total_weight += weight;
            let Some(first) = pair[0].reading.number() else {
                continue;
            };
            let second = pair[1].reading.number().filter(|_| !step).unwrap_or(first);
            self.add(&Piece {
                value: f64::midpoint(first, second),
                weight,
            });
            // The spread inside a sloping stretch: a uniform distribution over its height.
            self.squares += weight * (second - first).powi(2) / 12.0;
        }
    }

    fn add(&mut self, piece: &Piece) {
        if piece.weight <= 0.0 {
            return;
        }
        self.pieces += 1;
        self.weight += piece.weight;
        let delta = piece.value - self.mean;
        self.mean += delta * piece.weight / self.weight;
        self.squares += piece.weight * delta * (piece.value - self.mean);
    }

    fn extreme(&mut self, sample: &Sample) {
        let number =
            |sample: &Option<Sample>| sample.as_ref().and_then(|sample| sample.reading.number());
        if number(&self.minimum).is_none_or(|least| sample.reading.number() < Some(least)) {
            self.minimum = Some(sample.clone());
        }
        if number(&self.maximum).is_none_or(|most| sample.reading.number() > Some(most)) {
            self.maximum = Some(sample.clone());
        }
    }

    /// The value of one type with the time it belongs to.
    pub fn value(&self, kind: &str, start: Micros) -> Result<Sample, Refusal> {
        let number = |value: f64| Ok(Sample::new(start, Reading::Number(value)));
        match kind {
            "Count" => {
                return number(if self.time_weighted {
                    self.weight
                } else {
                    count(self.pieces)
                });
            }
            "PercentGood" => {
                return number(if self.total_weight > 0.0 {
                    100.0 * self.weight / self.total_weight
                } else {
                    0.0
                });
            }
            _ if !self.numeric => {
                return Err(Refusal::new(
                    409,
                    format!("The summary type '{kind}' needs numeric values."),
                ));
            }
            _ if self.weight <= 0.0 => return Ok(Sample::new(start, NO_DATA)),
            _ => {}
        }
        match (kind, &self.minimum, &self.maximum) {
            // Units per day, as PI totals where the rate's unit is unknown.
            ("Total" | "TotalWithUOM", ..) if self.time_weighted => {
                number(self.mean * self.seconds / 86_400.0)
            }
            ("Total" | "TotalWithUOM", ..) => number(self.mean * self.weight),
            ("Average", ..) => number(self.mean),
            ("Minimum", Some(least), _) => Ok(least.clone()),
            ("Maximum", _, Some(most)) => Ok(most.clone()),
            ("Range", Some(least), Some(most)) => {
                number(most.reading.number().unwrap_or(0.0) - least.reading.number().unwrap_or(0.0))
            }
            ("PopulationStdDev", ..) => number((self.squares / self.weight).sqrt()),
            ("StdDev", ..) if self.time_weighted => number((self.squares / self.weight).sqrt()),
            ("StdDev", ..) if self.pieces > 1 => {
                number((self.squares / (self.weight - 1.0)).sqrt())
            }
            ("StdDev", ..) => number(0.0),
            _ => Err(Refusal::bad_request(format!(
                "The summary type '{kind}' is not supported."
            ))),
        }
    }
}

/// The types a request asks for; `Total` when it names none.
pub fn requested(names: &[&str]) -> Result<Vec<&'static str>, Refusal> {
    let mut types = Vec::new();
    for name in names
        .iter()
        .flat_map(|list| list.split([',', ';']))
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        match TYPES.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) => types.push(*known),
            None if name.eq_ignore_ascii_case("TotalWithUOM") => types.push("TotalWithUOM"),
            None if name.eq_ignore_ascii_case("All") => types.extend(TYPES),
            None if name.eq_ignore_ascii_case("AllForNonNumeric") => {
                types.extend(["Count", "PercentGood"]);
            }
            None => {
                return Err(Refusal::bad_request(format!(
                    "'{name}' is not a summary type."
                )));
            }
        }
    }
    Ok(if types.is_empty() {
        vec!["Total"]
    } else {
        types
    })
}

/// Whether a type tells of the values and is not one of them: it has not their unit.
pub fn counts(kind: &str) -> bool {
    matches!(kind, "Count" | "PercentGood")
}

/// One item of an answer.
pub fn item(kind: &str, value: &Value) -> Value {
    json!({ "Type": kind, "Value": value })
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53 microseconds")]
fn seconds(span: Micros) -> f64 {
    span as f64 / 1e6
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of samples are far below 2^53"
)]
fn count(samples: usize) -> f64 {
    samples as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Signal;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn basis(text: &str) -> Basis {
        Basis::read(Some(text)).unwrap()
    }

    #[test]
    fn the_basis_says_what_counts_at_the_ends_and_between() {
        let samples = vec![(0, 0.0), (10_000_000, 10.0), (20_000_000, 20.0)];
        let signal = Signal::Recorded(Arc::new(samples));
        let view = View {
            signal: &signal,
            step: false,
            now: 100_000_000,
        };
        for (name, average, count) in [
            ("EventWeighted", 10.0, 3.0),
            ("EventWeightedIncludeBothEnds", 10.0, 3.0),
            ("EventWeightedExcludeMostRecentEvent", 5.0, 2.0),
            ("EventWeightedExcludeEarliestEvent", 15.0, 2.0),
            ("TimeWeightedContinuous", 10.0, 20.0),
            ("TimeWeightedDiscrete", 5.0, 20.0),
        ] {
            let summary = Summary::of(&view, 0, 20_000_000, basis(name));
            assert!(
                (number(&summary, "Average") - average).abs() < 1e-12,
                "{name}"
            );
            assert!((number(&summary, "Count") - count).abs() < 1e-12, "{name}");
        }
        let part = Summary::of(&view, 0, 10_000_000, basis("EventWeighted").followed());
        assert!((number(&part, "Count") - 1.0).abs() < 1e-12);
        assert!(Basis::read(Some("Other")).is_err());
    }

    fn number(summary: &Summary, kind: &str) -> f64 {
        summary.value(kind, 0).unwrap().reading.number().unwrap()
    }

    #[test]
    fn time_weighted_and_event_weighted_averages_differ() {
        let signal = Signal::Recorded(Arc::new(vec![
            (0, 0.0),
            (10_000_000, 10.0),
            (40_000_000, 10.0),
        ]));
        let view = View {
            signal: &signal,
            step: false,
            now: 100_000_000,
        };
        let by_time = Summary::of(&view, 0, 40_000_000, basis("TimeWeighted"));
        assert!((number(&by_time, "Average") - 8.75).abs() < 1e-12);
        assert!((number(&by_time, "Count") - 40.0).abs() < 1e-12);
        assert!((number(&by_time, "PercentGood") - 100.0).abs() < 1e-12);
        let by_event = Summary::of(&view, 0, 40_000_000, basis("EventWeighted"));
        assert!((number(&by_event, "Average") - 20.0 / 3.0).abs() < 1e-12);
        assert!((number(&by_event, "Total") - 20.0).abs() < 1e-12);
        assert!((number(&by_event, "Range") - 10.0).abs() < 1e-12);
        assert!((number(&by_event, "StdDev") - (200.0_f64 / 6.0).sqrt()).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn time_weighted_averages_are_the_area_under_the_line(values in prop::collection::vec(-1e3_f64..1e3, 2..30), step: bool) {
            let samples: Vec<_> = (0_i64..).step_by(1_000_000).zip(values.iter().copied()).collect();
            let last = samples.last().unwrap().0;
            let signal = Signal::Recorded(Arc::new(samples));
            let view = View { signal: &signal, step, now: last };
            let naive: f64 = (0..last / 1000)
                .map(|slice| view.at(slice * 1000 + 500).reading.number().unwrap())
                .sum::<f64>() / f64::from(i32::try_from(last / 1000).unwrap());
            let summary = Summary::of(&view, 0, last, basis("TimeWeighted"));
            prop_assert!((number(&summary, "Average") - naive).abs() < 1e-6);
        }
    }

    #[test]
    fn the_spread_of_a_ramp_is_that_of_a_uniform_distribution() {
        let signal = Signal::Recorded(Arc::new(vec![(0, 0.0), (10_000_000, 12.0)]));
        let summary = Summary::of(
            &View {
                signal: &signal,
                step: false,
                now: 10_000_000,
            },
            0,
            10_000_000,
            basis("TimeWeighted"),
        );
        assert!((number(&summary, "PopulationStdDev") - 12.0_f64.sqrt()).abs() < 1e-12);
    }
}
