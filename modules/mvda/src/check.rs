//! What must be true of a question before a model is calculated.

use dcp::http::Problem;
use jiff::{Span, Timestamp};

use crate::ask::{Ask, Interpolation, Kind};
use crate::limits;

impl Ask {
    /// 422 that names everything wrong that can be seen without asking the data source.
    pub fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let mut wrong = Wrong::default();
        self.check_settings(&mut wrong);
        self.check_tags(&mut wrong);
        self.check_batches(now, &mut wrong);
        wrong.finish()
    }

    fn check_settings(&self, wrong: &mut Wrong) {
        let name = self.name.trim();
        wrong.unless(
            !name.is_empty() && name.chars().count() <= limits::NAME,
            "/name",
            || format!("A name has 1 to {} characters.", limits::NAME),
        );
        wrong.unless(
            (1..=limits::COMPONENTS).contains(&self.components),
            "/components",
            || {
                format!(
                    "Between 1 and {} components are possible.",
                    limits::COMPONENTS
                )
            },
        );
        wrong.unless(self.alpha > 0.5 && self.alpha < 1.0, "/alpha", || {
            "The confidence lies between 0.5 and 1.".to_owned()
        });
        wrong.unless(self.maturity == "percent", "/maturity", || {
            "Only `percent` is known.".to_owned()
        });
        let grid = match &self.interpolation {
            Interpolation::Every { interval } => is_interval(interval),
            Interpolation::Recorded(word) => word == "recorded",
        };
        wrong.unless(grid, "/interpolation", || {
            "Write {\"interval\":\"60s\"} (from 1s to 24h) or \"recorded\".".to_owned()
        });
    }

    fn check_tags(&self, wrong: &mut Wrong) {
        let count = self.tags.len();
        wrong.unless((1..=limits::TAGS).contains(&count), "/tags", || {
            format!("Choose 1 to {} tags.", limits::TAGS)
        });
        let enough = self.kind == Kind::Level
            || usize::try_from(self.components).is_ok_and(|components| components <= count);
        wrong.unless(count == 0 || enough, "/components", || {
            format!(
                "{} components need at least as many tags; there are {count}.",
                self.components
            )
        });
        for (at, tag) in self.tags.iter().enumerate() {
            let pointer = format!("/tags/{at}/name");
            let reserved = matches!(tag.name.as_str(), "" | "batch" | "time");
            wrong.unless(!reserved, &pointer, || {
                "This name is not possible.".to_owned()
            });
            let first = self.tags[..at].iter().all(|other| other.name != tag.name);
            wrong.unless(first, &pointer, || {
                format!("The tag {} is there twice.", tag.name)
            });
        }
    }

    fn check_batches(&self, now: Timestamp, wrong: &mut Wrong) {
        let count = self.batches.len();
        wrong.unless(count > 0, "/batches", || "Choose the batches.".to_owned());
        wrong.unless(count <= limits::BATCHES, "/batches", || {
            format!("At most {} batches are possible.", limits::BATCHES)
        });
        let reference = self.reference().count();
        let needed = usize::try_from(self.components)
            .unwrap_or(usize::MAX)
            .saturating_add(2);
        wrong.unless(count == 0 || reference >= needed, "/batches", || {
            format!(
                "{} components need at least {needed} reference batches; there are {reference}.",
                self.components
            )
        });
        for (at, batch) in self.batches.iter().enumerate() {
            let first = self.batches[..at].iter().all(|other| other.id != batch.id);
            wrong.unless(
                first && !batch.id.is_empty(),
                &format!("/batches/{at}/id"),
                || format!("The batch {:?} is there twice or has no name.", batch.id),
            );
            wrong.unless(batch.start < now, &format!("/batches/{at}/start"), || {
                format!("Batch {} has not begun.", batch.id)
            });
            wrong.unless(
                batch.end.is_none_or(|end| end > batch.start),
                &format!("/batches/{at}/end"),
                || format!("Batch {} ends before it begins.", batch.id),
            );
        }
    }
}

fn is_interval(text: &str) -> bool {
    let seconds = |span: Span| span.total(jiff::Unit::Second).ok();
    let read = text.parse::<Span>().ok().and_then(seconds);
    read.is_some_and(|seconds| (1.0..=86_400.0).contains(&seconds))
}

/// Collects what is wrong, so that a person sees all of it at once.
#[derive(Debug, Default)]
pub struct Wrong {
    parts: Vec<(String, String)>,
}

impl Wrong {
    /// Notes a problem at `pointer` unless `fine`.
    pub fn unless(&mut self, fine: bool, pointer: &str, detail: impl FnOnce() -> String) {
        if !fine {
            self.parts.push((pointer.to_owned(), detail()));
        }
    }

    /// 422 with all of them, the first one as its detail.
    pub fn finish(self) -> Result<(), Problem> {
        let Some((_, first)) = self.parts.first() else {
            return Ok(());
        };
        let problem = Problem::unprocessable(first.clone());
        Err(self
            .parts
            .into_iter()
            .fold(problem, |problem, (pointer, detail)| {
                problem.part(pointer, detail)
            }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::example::{ask, now};

    fn pointers(ask: &Ask) -> Vec<String> {
        ask.check(now()).map_or_else(
            |problem| {
                problem
                    .parts()
                    .iter()
                    .map(|part| part.pointer.clone())
                    .collect()
            },
            |()| Vec::new(),
        )
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let mut ask = ask();
        ask.name = " ".into();
        ask.alpha = 1.0;
        ask.interpolation = Interpolation::Every {
            interval: "soon".into(),
        };
        ask.tags[2].name = "A".into();
        ask.batches[1].end = Some(ask.batches[1].start);
        assert_eq!(
            pointers(&ask),
            [
                "/name",
                "/alpha",
                "/interpolation",
                "/tags/2/name",
                "/batches/1/end"
            ]
        );
    }

    #[test]
    fn too_few_reference_batches_are_counted() {
        let mut ask = ask();
        ask.batches.truncate(4);
        let problem = ask.check(now()).unwrap_err();
        assert_eq!(
            problem.parts()[0].detail,
            "3 components need at least 5 reference batches; there are 4."
        );
        ask.batches.clear();
        assert_eq!(pointers(&ask), ["/batches"]);
    }

    #[test]
    fn a_batch_that_has_not_ended_may_be_judged_and_may_be_a_reference() {
        let mut ask = ask();
        ask.batches[5].end = None;
        assert_eq!(pointers(&ask), Vec::<String>::new());
        ask.batches[5].reference = false;
        assert_eq!(pointers(&ask), Vec::<String>::new());
    }

    #[test]
    fn intervals_are_numbers_with_a_unit() {
        for fine in ["60s", "1m", "1h", "30 seconds"] {
            assert!(is_interval(fine), "{fine}");
        }
        for wrong in ["", "60", "0s", "-1m", "2d", "soon"] {
            assert!(!is_interval(wrong), "{wrong}");
        }
    }
}
