//! Streams and stream sets: values of points and attributes.

use serde_json::{Value, json};

use crate::context::Context;
use crate::faults::States;
use crate::plant::{Object, Owner, Point};
use crate::query::fits;
use crate::refusal::Refusal;
use crate::retrieval::{Boundary, Mode, View};
use crate::signal::{Reading, Sample};
use crate::summary::{self, Summary};
use crate::time::{self, Micros, OPEN_END};

/// One stream: a point, an attribute on a point, or a static attribute.
struct Stream<'a> {
    object: Object,
    point: Option<&'a Point>,
    name: &'a str,
    units: &'a str,
    /// Value of a static attribute and since when.
    fixed: (&'a str, Micros),
    /// The default range: a day, or the event frame of an attribute.
    range: Option<(Micros, Micros)>,
}

/// Answers `/streams/{webId}/{action}`.
pub fn one(
    context: &Context<'_>,
    states: &States,
    web_id: &str,
    action: &str,
) -> Result<Value, Refusal> {
    let stream = stream(context, context.object(web_id)?)?;
    match action {
        "value" | "end" | "recordedattime" => single(context, states, &stream, action),
        "summary" => Ok(json!({ "Links": {}, "Items": summaries(context, states, &stream)? })),
        _ => {
            let items = series(context, states, &stream, action)?;
            Ok(json!({ "Links": {}, "Items": items, "UnitsAbbreviation": stream.units }))
        }
    }
}

/// Answers `/streamsets/{webId}/{action}`: all attributes of an element or event frame.
pub fn of_owner(
    context: &Context<'_>,
    states: &States,
    web_id: &str,
    action: &str,
) -> Result<Value, Refusal> {
    let owner = match context.object(web_id)? {
        Object::Element(place) => Owner::Element(place),
        Object::Frame(place) => Owner::Frame(place),
        _ => {
            return Err(Refusal::bad_request(
                "A stream set needs an element or an event frame.",
            ));
        }
    };
    let filter = context.request.query.get("nameFilter");
    let attributes = context.plant.attributes.iter().enumerate();
    let chosen = attributes
        .filter(|(_, attribute)| attribute.owner == owner && fits(filter, attribute.shape.name));
    // A static attribute has a value and no history.
    let historic = !matches!(action, "value" | "end");
    let objects = chosen
        .filter(|(_, attribute)| !historic || attribute.point.is_some())
        .map(|(place, _)| Object::Attribute(place));
    set(context, states, &objects.collect::<Vec<_>>(), action)
}

/// Answers `/streamsets/{action}?webId=..&webId=..`.
pub fn ad_hoc(context: &Context<'_>, states: &States, action: &str) -> Result<Value, Refusal> {
    let ids = context.request.query.all("webId");
    if ids.is_empty() {
        return Err(Refusal::bad_request("The parameter webId is required."));
    }
    let objects: Result<Vec<_>, _> = ids.iter().map(|id| context.object(id)).collect();
    set(context, states, &objects?, action)
}

fn set(
    context: &Context<'_>,
    states: &States,
    objects: &[Object],
    action: &str,
) -> Result<Value, Refusal> {
    let mut items = Vec::with_capacity(objects.len());
    for object in objects {
        let stream = stream(context, *object)?;
        let id = context.web_id(*object);
        let controller = if matches!(object, Object::Point(_)) {
            "points"
        } else {
            "attributes"
        };
        let mut item = json!({
            "WebId": id,
            "Name": stream.name,
            "Path": context.plant.path(*object),
            "Links": { "Source": context.link(&format!("{controller}/{id}")) },
        });
        match action {
            "value" | "end" | "recordedattime" => {
                item["Value"] = single(context, states, &stream, action)?;
            }
            "summary" => item["Items"] = summaries(context, states, &stream)?,
            _ => {
                item["Items"] = series(context, states, &stream, action)?;
                item["UnitsAbbreviation"] = json!(stream.units);
            }
        }
        items.push(item);
    }
    Ok(json!({ "Links": {}, "Items": items }))
}

fn stream<'a>(context: &Context<'a>, object: Object) -> Result<Stream<'a>, Refusal> {
    let plant = context.plant;
    match object {
        Object::Point(place) => {
            let point = &plant.points[place];
            Ok(Stream {
                object,
                point: Some(point),
                name: &point.name,
                units: point.units,
                fixed: ("", 0),
                range: None,
            })
        }
        Object::Attribute(place) => {
            let attribute = &plant.attributes[place];
            let frame = if let Owner::Frame(owner) = attribute.owner {
                Some(&plant.frames[owner])
            } else {
                None
            };
            Ok(Stream {
                object,
                point: attribute.point.map(|point| &plant.points[point]),
                name: attribute.shape.name,
                units: attribute.shape.unit.1,
                fixed: (&attribute.value, frame.map_or(0, |frame| frame.start)),
                range: frame.map(|frame| {
                    (
                        frame.start,
                        if frame.end == OPEN_END {
                            context.now
                        } else {
                            frame.end
                        },
                    )
                }),
            })
        }
        _ => Err(Refusal::bad_request("The WebID does not name a stream.")),
    }
}

impl<'a> Stream<'a> {
    fn view(&self, context: &Context<'_>) -> Result<View<'a>, Refusal> {
        let Some(point) = self.point else {
            return Err(Refusal::new(
                409,
                format!(
                    "The attribute '{}' is static: its data reference does not support this method.",
                    self.name
                ),
            ));
        };
        Ok(View {
            signal: &point.signal,
            step: point.step,
            now: context.now,
        })
    }

    fn range(&self, context: &Context<'_>) -> Result<(Micros, Micros), Refusal> {
        let query = &context.request.query;
        let start = match (query.get("startTime"), self.range) {
            (None, Some((start, _))) => start,
            _ => context.time("startTime", "*-1d")?,
        };
        let end = match (query.get("endTime"), self.range) {
            (None, Some((_, end))) => end,
            _ => context.time("endTime", "*")?,
        };
        Ok((start, end))
    }
}

fn single(
    context: &Context<'_>,
    states: &States,
    stream: &Stream<'_>,
    action: &str,
) -> Result<Value, Refusal> {
    let query = &context.request.query;
    units_agree(context, stream)?;
    if stream.point.is_none() && action != "recordedattime" {
        let sample = Sample::new(stream.fixed.1, Reading::Text(stream.fixed.0.to_owned()));
        return Ok(timed(context, states, stream, &sample));
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
    Ok(timed(context, states, stream, &sample))
}

fn series(
    context: &Context<'_>,
    states: &States,
    stream: &Stream<'_>,
    action: &str,
) -> Result<Value, Refusal> {
    let query = &context.request.query;
    units_agree(context, stream)?;
    if query.get("filterExpression").is_some() {
        return Err(Refusal::new(501, "Filter expressions are not supported."));
    }
    let view = stream.view(context)?;
    let samples = match action {
        "recorded" => {
            let (start, end) = stream.range(context)?;
            view.recorded(
                start,
                end,
                boundary(query.get("boundaryType"))?,
                context.max_count()?,
            )
        }
        "interpolated" => {
            let (start, end) = stream.range(context)?;
            let interval = time::parse_span(query.get("interval").unwrap_or("1h"))?;
            let anchor = query
                .get("syncTime")
                .map(|_| context.time("syncTime", "*"))
                .transpose()?;
            view.interpolated(start, end, interval, anchor)?
        }
        "plot" => {
            let (start, end) = stream.range(context)?;
            view.plot(start, end, query.number("intervals", 24, 100_000)?)
        }
        "interpolatedattimes" => times(context)?.into_iter().map(|at| view.at(at)).collect(),
        "recordedattimes" => {
            let mode = mode(query.get("retrievalMode"))?;
            times(context)?
                .into_iter()
                .filter_map(|at| view.recorded_at(at, mode))
                .collect()
        }
        other => return Err(Refusal::unknown("The action", other)),
    };
    Ok(samples
        .iter()
        .map(|sample| timed(context, states, stream, sample))
        .collect())
}

fn summaries(
    context: &Context<'_>,
    states: &States,
    stream: &Stream<'_>,
) -> Result<Value, Refusal> {
    let query = &context.request.query;
    let view = stream.view(context)?;
    let (start, end) = stream.range(context)?;
    let types = summary::requested(&query.all("summaryType"))?;
    let basis = query
        .get("calculationBasis")
        .unwrap_or("TimeWeighted")
        .to_ascii_lowercase();
    let duration = query
        .get("summaryDuration")
        .map(time::parse_span)
        .transpose()?
        .unwrap_or_else(|| (end - start).max(1));
    let parts = ((end - start) / duration).clamp(0, 10_000) + 1;
    let mut items = Vec::new();
    for kind in types {
        for part in 0..parts {
            let from = start + part * duration;
            let to = (from + duration).min(end);
            if from >= to && part > 0 {
                break;
            }
            let value = Summary::of(&view, from, to, basis.starts_with("timeweighted"))
                .value(kind, from)?;
            items.push(summary::item(kind, &timed(context, states, stream, &value)));
        }
    }
    Ok(Value::Array(items))
}

fn times(context: &Context<'_>) -> Result<Vec<Micros>, Refusal> {
    let texts = context.request.query.all("time");
    if texts.is_empty() {
        return Err(Refusal::bad_request("The parameter time is required."));
    }
    texts
        .iter()
        .map(|text| time::parse(text, context.now, &context.zone))
        .collect()
}

fn units_agree(context: &Context<'_>, stream: &Stream<'_>) -> Result<(), Refusal> {
    match context.request.query.get("desiredUnits") {
        Some(wanted) if wanted != stream.units => Err(Refusal::new(
            409,
            format!("The unit of measure '{wanted}' is incompatible."),
        )),
        _ => Ok(()),
    }
}

fn timed(context: &Context<'_>, states: &States, stream: &Stream<'_>, sample: &Sample) -> Value {
    let imposed = states
        .of(&context.plant.path(stream.object))
        .map(|(name, value)| json!({ "Name": name, "Value": value, "IsSystem": true }));
    let good = imposed.is_none() && sample.reading.good();
    let own = || match &sample.reading {
        Reading::Number(number) => json!(number),
        Reading::Whole(number) => json!(number),
        Reading::Text(text) => json!(text),
        Reading::State {
            name,
            value,
            system,
        } => json!({ "Name": name, "Value": value, "IsSystem": system }),
    };
    json!({
        "Timestamp": time::format(sample.time),
        "Value": imposed.unwrap_or_else(own),
        "UnitsAbbreviation": stream.units,
        "Good": good,
        "Questionable": sample.questionable,
        "Substituted": false,
        "Annotated": false,
    })
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
