//! Streams and stream sets: values of points and attributes.

use serde_json::{Value, json};

use crate::calculation;
use crate::context::Context;
use crate::plant::{Object, Owner};
use crate::query::fits;
use crate::refusal::Refusal;
use crate::retrieval::{Boundary, Mode};
use crate::signal::Sample;
use crate::stream::Stream;
use crate::summaries;
use crate::time::{self, Micros};

/// Answers `/streams/{webId}/{action}`.
pub fn one(context: &Context<'_>, web_id: &str, action: &str) -> Result<Value, Refusal> {
    let stream = Stream::of(context, context.object(web_id)?)?;
    match action {
        "value" | "end" | "recordedattime" => single(context, &stream, action),
        "summary" => Ok(json!({ "Links": {}, "Items": summaries::of_stream(context, &stream)? })),
        _ => {
            let items = series(context, &stream, action)?;
            Ok(json!({ "Links": {}, "Items": items, "UnitsAbbreviation": stream.units }))
        }
    }
}

/// The streams of an element or event frame: what `/streamsets/{webId}/..` reads.
///
/// A static attribute has a value and no history: it is left out where `historic` is asked for.
pub fn of_owner(
    context: &Context<'_>,
    web_id: &str,
    historic: bool,
) -> Result<Vec<Object>, Refusal> {
    let owner = match context.object(web_id)? {
        Object::Element(place) => Owner::Element(place),
        Object::Frame(place) => Owner::Frame(place),
        // Attributes have none below them here.
        Object::Attribute(_) => return Ok(Vec::new()),
        _ => {
            return Err(Refusal::bad_request(
                "A stream set needs an element, an event frame or an attribute.",
            ));
        }
    };
    let plant = context.plant;
    let filter = context.request.query.get("nameFilter");
    let category = context.request.query.get("categoryName");
    let chosen = plant.attributes_of(owner).iter().filter(|place| {
        let attribute = &plant.attributes[**place];
        let categories = attribute.category.map(|place| plant.categories[place].name);
        (!historic || attribute.point.is_some())
            && fits(filter, attribute.shape.name)
            && category.is_none_or(|name| fits(Some(name), categories.unwrap_or("")))
    });
    Ok(chosen.copied().map(Object::Attribute).collect())
}

/// Answers `/streamsets/..` for some streams.
pub fn set(context: &Context<'_>, objects: &[Object], action: &str) -> Result<Value, Refusal> {
    let mut items = Vec::with_capacity(objects.len());
    for object in objects {
        let stream = Stream::of(context, *object)?;
        let mut item = stream.head(context);
        match action {
            "value" | "end" | "recordedattime" => {
                item["Value"] = single(context, &stream, action)?;
            }
            "summary" => item["Items"] = summaries::of_member(context, &stream)?,
            _ => {
                item["Items"] = series(context, &stream, action)?;
                item["UnitsAbbreviation"] = json!(stream.units);
            }
        }
        items.push(item);
    }
    sort(context, &mut items)?;
    Ok(json!({ "Links": {}, "Items": items }))
}

/// Sorts streams by name where that is asked for; they come as they were named otherwise.
fn sort(context: &Context<'_>, items: &mut [Value]) -> Result<(), Refusal> {
    let query = &context.request.query;
    match query.get("sortField") {
        None => return Ok(()),
        Some(field) if field.eq_ignore_ascii_case("name") => {}
        Some(field) => {
            return Err(Refusal::bad_request(format!(
                "'{field}' is not a sort field."
            )));
        }
    }
    items.sort_by_cached_key(|item| item["Name"].as_str().map(str::to_owned));
    let order = query.get("sortOrder").unwrap_or("").to_ascii_lowercase();
    if order.starts_with("desc") {
        items.reverse();
    }
    Ok(())
}

fn single(context: &Context<'_>, stream: &Stream<'_>, action: &str) -> Result<Value, Refusal> {
    let query = &context.request.query;
    let fixed = stream.fixed.filter(|_| stream.point.is_none());
    if let (Some((reading, since)), false) = (fixed, action == "recordedattime") {
        return stream.timed(context, &Sample::new(since, reading.clone()));
    }
    let view = stream.view(context)?;
    let sample = match (action, query.get("time")) {
        ("recordedattime", None) => {
            return Err(Refusal::bad_request("The parameter time is required."));
        }
        ("recordedattime", Some(_)) => {
            let found = view.recorded_at(
                context.time("time", "*")?,
                mode(query.get("retrievalMode"))?,
            );
            found.ok_or_else(|| {
                Refusal::new(404, "No value was found for the time and retrieval mode.")
            })?
        }
        ("value", Some(_)) => view.at(context.time("time", "*")?),
        _ => view.snapshot(),
    };
    stream.timed(context, &sample)
}

fn series(context: &Context<'_>, stream: &Stream<'_>, action: &str) -> Result<Value, Refusal> {
    let query = &context.request.query;
    let view = stream.view(context)?;
    let samples = match action {
        "recorded" => {
            let (start, end) = stream.range(context)?;
            let boundary = boundary(query.get("boundaryType"))?;
            let most = context.max_count()?;
            let limit = if query.get("filterExpression").is_some() {
                usize::MAX
            } else {
                most
            };
            let mut kept = filtered(context, view.recorded(start, end, boundary, limit))?;
            kept.truncate(most);
            kept
        }
        "interpolated" => {
            let (start, end) = stream.range(context)?;
            let interval = time::parse_span(query.get("interval").unwrap_or("1h"))?;
            let anchor = query
                .get("syncTime")
                .map(|_| context.time("syncTime", "*"))
                .transpose()?;
            let whole = view.interpolated(start, end, interval, anchor)?;
            let whole = if anchor.is_some() && outside(query.get("syncTimeBoundaryType"))? {
                view.enclosing(whole, (start, end), interval)
            } else {
                whole
            };
            filtered(context, whole)?
        }
        "plot" => {
            let (start, end) = stream.range(context)?;
            view.plot(start, end, query.number("intervals", 24, 100_000)?)
        }
        "interpolatedattimes" => {
            let samples = times(context)?.into_iter().map(|at| view.at(at));
            in_order(context, filtered(context, samples.collect())?)
        }
        "recordedattimes" => {
            let mode = mode(query.get("retrievalMode"))?;
            let samples = times(context)?.into_iter();
            let samples = samples.filter_map(|at| view.recorded_at(at, mode));
            in_order(context, samples.collect())
        }
        other => return Err(Refusal::unknown("The action", other)),
    };
    let notes = action == "recorded"
        && query
            .get("associations")
            .is_some_and(|wanted| wanted.to_ascii_lowercase().contains("annotations"));
    samples
        .iter()
        .map(|sample| {
            let mut value = stream.timed(context, sample)?;
            if notes {
                value["Annotations"] = annotations(sample);
            }
            Ok(value)
        })
        .collect()
}

/// The samples for which the request's filter holds; all without one.
fn filtered(context: &Context<'_>, samples: Vec<Sample>) -> Result<Vec<Sample>, Refusal> {
    match context.request.query.get("filterExpression") {
        None => Ok(samples),
        Some(filter) => calculation::filter(context, filter, samples),
    }
}

/// In the order of time where `sortOrder` is given; as they were asked for without it.
fn in_order(context: &Context<'_>, mut samples: Vec<Sample>) -> Vec<Sample> {
    if let Some(order) = context.request.query.get("sortOrder") {
        samples.sort_by_key(|sample| sample.time);
        if order.to_ascii_lowercase().starts_with("desc") {
            samples.reverse();
        }
    }
    samples
}

fn annotations(sample: &Sample) -> Value {
    if !sample.annotated {
        return json!([]);
    }
    json!([{
        "Id": "1",
        "Name": "Note",
        "Description": "",
        "Value": "Written by the operator.",
        "Creator": "operator",
        "CreationDate": time::format(sample.time),
    }])
}

fn outside(text: Option<&str>) -> Result<bool, Refusal> {
    match text.map(str::to_ascii_lowercase).as_deref() {
        None | Some("inside") => Ok(false),
        Some("outside") => Ok(true),
        Some(other) => Err(Refusal::bad_request(format!(
            "'{other}' is not a boundary type of a grid."
        ))),
    }
}

/// Answers `/streamsets/joined`: the recorded values of one stream, and those of others at the same times.
pub fn joined(context: &Context<'_>) -> Result<Value, Refusal> {
    let query = &context.request.query;
    let base = query
        .get("baseWebId")
        .ok_or_else(|| Refusal::bad_request("The parameter baseWebId is required."))?;
    let others = query.all("subordinateWebId");
    if others.is_empty() {
        return Err(Refusal::bad_request(
            "The parameter subordinateWebId is required.",
        ));
    }
    let base = Stream::of(context, context.object(base)?)?;
    let values = series(context, &base, "recorded")?;
    let (start, end) = base.range(context)?;
    let boundary = boundary(query.get("boundaryType"))?;
    let samples = base
        .view(context)?
        .recorded(start, end, boundary, context.max_count()?);
    let mut items = vec![base.series_item(context, values)];
    for id in others {
        let stream = Stream::of(context, context.object(id)?)?;
        let view = stream.view(context)?;
        let values: Result<Value, Refusal> = samples
            .iter()
            .map(|sample| stream.timed(context, &view.at(sample.time)))
            .collect();
        items.push(stream.series_item(context, values?));
    }
    Ok(json!({ "Links": {}, "Items": items }))
}

/// The instants of the request's `time` parameters; at least one.
pub fn times(context: &Context<'_>) -> Result<Vec<Micros>, Refusal> {
    let texts = context.request.query.all("time");
    if texts.is_empty() {
        return Err(Refusal::bad_request("The parameter time is required."));
    }
    texts
        .iter()
        .map(|text| time::parse(text, context.now, &context.zone))
        .collect()
}

fn boundary(text: Option<&str>) -> Result<Boundary, Refusal> {
    match text.map(str::to_ascii_lowercase).as_deref() {
        None | Some("inside") => Ok(Boundary::Inside),
        Some("outside") => Ok(Boundary::Outside),
        Some("interpolated") => Ok(Boundary::Interpolated),
        Some(other) => Err(Refusal::bad_request(format!(
            "'{other}' is not a boundary type."
        ))),
    }
}

fn mode(text: Option<&str>) -> Result<Mode, Refusal> {
    match text.map(str::to_ascii_lowercase).as_deref() {
        None | Some("auto") => Ok(Mode::Auto),
        Some("atorbefore") => Ok(Mode::AtOrBefore),
        Some("before") => Ok(Mode::Before),
        Some("atorafter") => Ok(Mode::AtOrAfter),
        Some("after") => Ok(Mode::After),
        Some("exact") => Ok(Mode::Exact),
        Some(other) => Err(Refusal::bad_request(format!(
            "'{other}' is not a retrieval mode."
        ))),
    }
}
