//! Calculations over tags: the arithmetic and the functions of performance equations that can be done rightly, and nothing else.

mod expression;

use std::sync::Arc;

use serde_json::{Value, json};

use self::expression::Expression;
use crate::context::Context;
use crate::refusal::Refusal;
use crate::render::plain;
use crate::retrieval::{MAX_RETURNED, View};
use crate::signal::{Sample, Signal, system_state};
use crate::streams;
use crate::summaries;
use crate::time::{self, Micros};

/// Keeps the samples for which a filter holds; `'.'` is the sample itself.
pub fn filter(
    context: &Context<'_>,
    text: &str,
    samples: Vec<Sample>,
) -> Result<Vec<Sample>, Refusal> {
    let expression = Expression::read(context, text, None)?;
    let shown = context.request.query.flag("includeFilteredValues", false)?;
    let mut kept: Vec<Sample> = Vec::with_capacity(samples.len());
    let mut filtered = false;
    for sample in samples {
        let here = sample.reading.number();
        let holds = expression.holds(sample.time, here);
        if holds {
            kept.push(sample);
        } else if shown && !filtered {
            kept.push(Sample::new(sample.time, system_state("Filtered", 332)));
        }
        filtered = !holds;
    }
    Ok(kept)
}

/// Answers `/calculation/{kind}`.
pub fn answer(context: &Context<'_>, kind: &str) -> Result<Value, Refusal> {
    let query = &context.request.query;
    let text = query
        .get("expression")
        .ok_or_else(|| Refusal::bad_request("The parameter expression is required."))?;
    let target = query
        .get("webId")
        .map(|id| context.object(id))
        .transpose()?;
    let expression = Expression::read(context, text, target)?;
    let start = context.time("startTime", "*-1d")?;
    let end = context.time("endTime", "*")?;
    let times = match kind {
        "times" => streams::times(context)?,
        "recorded" => expression.recorded_times(start, end),
        "intervals" => grid(context, start, end)?,
        "summary" => return summary(context, &expression, (start, end)),
        _ => return Err(Refusal::unknown("The calculation", kind)),
    };
    let descending = query
        .get("sortOrder")
        .is_some_and(|order| order.to_ascii_lowercase().starts_with("desc"));
    let mut items: Vec<Value> = times
        .into_iter()
        .map(|time| timed(&expression.at(time)))
        .collect();
    if descending {
        items.reverse();
    }
    Ok(json!({ "Links": {}, "Items": items, "UnitsAbbreviation": "" }))
}

/// The times of `sampleInterval` from the start to the end.
fn grid(context: &Context<'_>, start: Micros, end: Micros) -> Result<Vec<Micros>, Refusal> {
    let interval = context.request.query.get("sampleInterval").unwrap_or("1h");
    let interval = time::parse_span(interval)?;
    let direction = if end < start { -1 } else { 1 };
    let count = (end - start).abs() / interval + 1;
    if usize::try_from(count).unwrap_or(usize::MAX) > MAX_RETURNED {
        return Err(Refusal::bad_request(format!(
            "The number of values is greater than the maximum allowed ({MAX_RETURNED})."
        )));
    }
    Ok((0..count)
        .map(|step| start + direction * step * interval)
        .collect())
}

fn summary(
    context: &Context<'_>,
    expression: &Expression<'_>,
    (start, end): (Micros, Micros),
) -> Result<Value, Refusal> {
    let sampled = context
        .request
        .query
        .get("sampleType")
        .unwrap_or("ExpressionRecordedValues");
    let (low, high) = (start.min(end), start.max(end));
    let mut times = if sampled.eq_ignore_ascii_case("Interval") {
        grid(context, low, high)?
    } else {
        expression.recorded_times(low, high)
    };
    times.extend([low, high.min(context.now)]);
    times.sort_unstable();
    times.dedup();
    let values = times.into_iter().map(|time| expression.at(time)).collect();
    let signal = Signal::Events(Arc::new(values));
    let view = View {
        signal: &signal,
        step: false,
        now: context.now,
    };
    let items = summaries::summarize(context, &view, (start, end), |sample| Ok(timed(sample)))?;
    Ok(json!({ "Links": {}, "Items": items }))
}

fn timed(sample: &Sample) -> Value {
    json!({
        "Timestamp": time::format(sample.time),
        "Value": plain(&sample.reading),
        "UnitsAbbreviation": "",
        "Good": sample.reading.good(),
        "Questionable": false,
        "Substituted": false,
        "Annotated": false,
    })
}
