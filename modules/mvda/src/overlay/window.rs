//! A stretch of the common axis of an overlay, into which somebody has zoomed.

use dcp::http::Problem;
use jiff::{SignedDuration, Timestamp};

use super::part::Part;
use crate::parameters::Parameters;

/// From one place of the axis to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    from: f64,
    to: f64,
    axis: Axis,
}

/// What the axis counts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Axis {
    /// Seconds since the beginning.
    Elapsed,
    /// Percent of the whole; a batch that runs is measured by this many seconds, or by what there is of it.
    Maturity { usual_s: Option<f64> },
}

impl Window {
    /// The stretch that is asked for; none for the whole batches.
    pub(super) fn asked(asked: &Parameters) -> Result<Option<Self>, Problem> {
        let (from, to) = match (asked.number("from")?, asked.number("to")?) {
            (None, None) => return Ok(None),
            (Some(from), Some(to)) if from < to => (from, to),
            (Some(_), Some(_)) => return Err(wrong("to", "The stretch ends before it begins.")),
            (None, Some(_)) => return Err(wrong("from", "Give from and to, or neither.")),
            (Some(_), None) => return Err(wrong("to", "Give from and to, or neither.")),
        };
        let axis = match asked.all("align").first().copied() {
            None | Some("elapsed") => Axis::Elapsed,
            Some("maturity") => Axis::Maturity {
                usual_s: asked.number("usual_s")?.filter(|usual| *usual > 0.0),
            },
            Some(_) => {
                return Err(wrong(
                    "align",
                    "Parameter align must be elapsed or maturity.",
                ));
            }
        };
        Ok(Some(Self { from, to, axis }))
    }

    /// First and last instant of the stretch in this batch; none where it has nothing there.
    pub(super) fn within(&self, part: &Part, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let lasted = part.end_by(now).duration_since(part.start).as_secs_f64();
        let second = match self.axis {
            Axis::Elapsed => 1.0,
            Axis::Maturity { usual_s } => {
                usual_s.filter(|_| part.end.is_none()).unwrap_or(lasted) / 100.0
            }
        };
        let at = |place: f64| {
            let since = (place * second).clamp(0.0, lasted);
            let since = SignedDuration::try_from_secs_f64(since).ok()?;
            part.start.checked_add(since).ok()
        };
        let (from, to) = (at(self.from)?, at(self.to)?);
        (from < to).then_some((from, to))
    }
}

fn wrong(parameter: &str, detail: &str) -> Problem {
    Problem::unprocessable(detail.to_owned()).part(parameter, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Parameters {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Parameters(pairs.iter().map(owned).collect())
    }

    fn window(pairs: &[(&str, &str)]) -> Window {
        Window::asked(&asked(pairs)).unwrap().unwrap()
    }

    fn part(start: &str, end: Option<&str>) -> Part {
        Part {
            batch: "B".to_owned(),
            start: start.parse().unwrap(),
            end: end.map(|end| end.parse().unwrap()),
        }
    }

    const START: &str = "2026-03-01T00:00:00Z";

    #[test]
    fn a_stretch_is_cut_to_the_batch() {
        let now = "2026-03-02T00:00:00Z".parse().unwrap();
        let batch = part(START, Some("2026-03-01T01:00:00Z"));
        let told = |pairs: &[(&str, &str)]| {
            let within = window(pairs).within(&batch, now);
            within.map(|(from, to)| (from.to_string(), to.to_string()))
        };
        let expected = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert_eq!(
            told(&[("from", "-5"), ("to", "60")]),
            expected(START, "2026-03-01T00:01:00Z")
        );
        assert_eq!(
            told(&[("from", "50"), ("to", "1e300"), ("align", "maturity")]),
            expected("2026-03-01T00:30:00Z", "2026-03-01T01:00:00Z")
        );
        assert_eq!(told(&[("from", "3600"), ("to", "4000")]), None);
    }

    #[test]
    fn a_batch_that_runs_is_as_mature_as_others_usually_are_by_then() {
        let now = "2026-03-01T00:30:00Z".parse().unwrap();
        let runs = part(START, None);
        let pairs = [("from", "0"), ("to", "25"), ("align", "maturity")];
        let usual = [&pairs[..], &[("usual_s", "3600")]].concat();
        let until = |pairs: &[(&str, &str)]| window(pairs).within(&runs, now).unwrap().1;
        assert_eq!(until(&usual).to_string(), "2026-03-01T00:15:00Z");
        assert_eq!(until(&pairs).to_string(), "2026-03-01T00:07:30Z");
    }

    #[test]
    fn what_is_no_stretch_is_refused_by_its_name() {
        for (pairs, pointer) in [
            (&[("from", "5"), ("to", "5")][..], "to"),
            (&[("from", "5")], "to"),
            (&[("to", "5")], "from"),
            (&[("from", "NaN"), ("to", "5")], "from"),
            (&[("from", "1"), ("to", "5"), ("align", "end")], "align"),
        ] {
            let problem = Window::asked(&asked(pairs)).unwrap_err();
            assert_eq!(problem.parts()[0].pointer, pointer, "{pairs:?}");
        }
        assert_eq!(Window::asked(&asked(&[])).unwrap(), None);
    }
}
