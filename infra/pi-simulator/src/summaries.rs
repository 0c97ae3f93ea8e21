//! Summaries as requests ask for them: types, intervals, weights and times.

use serde_json::{Value, json};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::retrieval::View;
use crate::signal::{CALC_FAILED, Sample};
use crate::stream::Stream;
use crate::summary::{self, Basis, Summary};
use crate::time::{self, Micros};

/// The summaries of one stream.
pub fn of_stream(context: &Context<'_>, stream: &Stream<'_>) -> Result<Value, Refusal> {
    let view = stream.view(context)?;
    let range = stream.range(context)?;
    summarize(context, &view, range, |sample| {
        stream.timed(context, sample)
    })
}

/// The summaries of one stream among others: what it has none of is told in its own values, and the others have theirs.
pub fn of_member(context: &Context<'_>, stream: &Stream<'_>) -> Result<Value, Refusal> {
    let refusal = match of_stream(context, stream) {
        Err(refusal) if refusal.status == 409 && stream.point.is_some() => refusal,
        answered => return answered,
    };
    let (start, _) = stream.range(context)?;
    let mut value = stream.timed(context, &Sample::new(start, CALC_FAILED))?;
    value["Errors"] = json!([{ "FieldName": "Value", "Message": refusal.errors }]);
    let types = summary::requested(&context.request.query.all("summaryType"))?;
    Ok(types
        .into_iter()
        .map(|kind| summary::item(kind, &value))
        .collect())
}

/// Which time a summary carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    /// That of the extreme, or the start of the interval.
    Auto,
    Earliest,
    MostRecent,
}

impl Stamp {
    fn read(text: Option<&str>) -> Result<Self, Refusal> {
        match text.unwrap_or("Auto").to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "earliesttime" => Ok(Self::Earliest),
            "mostrecenttime" => Ok(Self::MostRecent),
            other => Err(Refusal::bad_request(format!(
                "'{other}' is not a time type."
            ))),
        }
    }
}

/// The summaries a request asks for.
pub fn summarize(
    context: &Context<'_>,
    view: &View<'_>,
    (start, end): (Micros, Micros),
    timed: impl Fn(&Sample) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    let query = &context.request.query;
    let types = summary::requested(&query.all("summaryType"))?;
    if query.get("filterExpression").is_some() {
        return Err(Refusal::new(501, "Filtered summaries are not served."));
    }
    let basis = Basis::read(query.get("calculationBasis"))?;
    let stamp = Stamp::read(query.get("timeType"))?;
    let duration = query
        .get("summaryDuration")
        .map(time::parse_span)
        .transpose()?
        .unwrap_or_else(|| (end - start).max(1));
    let parts = ((end - start) / duration).clamp(0, 10_000) + 1;
    let ranges = (0..parts).map(|part| {
        let from = start + part * duration;
        (from, (from + duration).min(end))
    });
    let summaries: Vec<_> = ranges
        .enumerate()
        .take_while(|(part, (from, to))| from < to || *part == 0)
        .map(|(_, (from, to))| {
            let basis = if to < end { basis.followed() } else { basis };
            (from, to, Summary::of(view, from, to, basis))
        })
        .collect();
    let mut items = Vec::with_capacity(types.len() * summaries.len());
    for kind in types {
        for (from, to, summary) in &summaries {
            let mut value = summary.value(kind, *from)?;
            value.time = match stamp {
                Stamp::Auto => value.time,
                Stamp::Earliest => *from,
                Stamp::MostRecent => *to,
            };
            let mut value = timed(&value)?;
            if summary::counts(kind) {
                value["UnitsAbbreviation"] = json!("");
            }
            items.push(summary::item(kind, &value));
        }
    }
    Ok(Value::Array(items))
}
