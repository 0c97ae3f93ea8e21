//! Streams and stream sets: values of points and attributes.

use serde_json::{Value, json};

use crate::calculation;
use crate::context::Context;
use crate::plant::{Object, Owner, Point};
use crate::query::fits;
use crate::refusal::Refusal;
use crate::render::plain;
use crate::retrieval::{Boundary, Mode, View};
use crate::signal::{Arrival, CALC_FAILED, Reading, Sample};
use crate::summary::{self, Summary};
use crate::time::{self, Micros, OPEN_END};
use crate::units;

/// One stream: a point, an attribute on a point, or a static attribute.
#[derive(Debug)]
pub struct Stream<'a> {
    /// The point or attribute.
    pub object: Object,
    /// Its name.
    pub name: &'a str,
    /// Abbreviation of the unit its values are in.
    pub units: &'a str,
    point: Option<&'a Point>,
    own_units: &'a str,
    /// Value of a static attribute and since when.
    fixed: Option<(&'a Reading, Micros)>,
    /// The default range: a day, or the event frame of an attribute.
    range: Option<(Micros, Micros)>,
}

/// Answers `/streams/{webId}/{action}`.
pub fn one(context: &Context<'_>, web_id: &str, action: &str) -> Result<Value, Refusal> {
    let stream = Stream::of(context, context.object(web_id)?)?;
    match action {
        "value" | "end" | "recordedattime" => single(context, &stream, action),
        "summary" => Ok(json!({ "Links": {}, "Items": summaries(context, &stream)? })),
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
            "summary" => item["Items"] = summaries_or_errors(context, &stream)?,
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

impl<'a> Stream<'a> {
    /// The stream that an object is; in the units the caller wants.
    pub fn of(context: &Context<'a>, object: Object) -> Result<Self, Refusal> {
        let mut stream = Self::plain(context, object)?;
        let wanted = context.request.query.get("desiredUnits");
        if let Some(wanted) = wanted.filter(|wanted| *wanted != stream.own_units) {
            stream.units = units::agree(stream.own_units, wanted)?;
        }
        Ok(stream)
    }

    fn plain(context: &Context<'a>, object: Object) -> Result<Self, Refusal> {
        let plant = context.plant;
        match object {
            Object::Point(place) => {
                let point = &plant.points[place];
                Ok(Self {
                    object,
                    point: Some(point),
                    name: &point.name,
                    units: point.units,
                    own_units: point.units,
                    fixed: None,
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
                Ok(Self {
                    object,
                    point: attribute.point.map(|point| &plant.points[point]),
                    name: attribute.shape.name,
                    units: attribute.shape.unit.1,
                    own_units: attribute.shape.unit.1,
                    fixed: Some((&attribute.value, frame.map_or(0, |frame| frame.start))),
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

    /// Its samples as the request sees them.
    pub fn view(&self, context: &Context<'_>) -> Result<View<'a>, Refusal> {
        let Some(point) = self.point else {
            return Err(self.is_static());
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

    /// What every answer says of it.
    pub fn head(&self, context: &Context<'_>) -> Value {
        let id = context.web_id(self.object);
        let controller = if matches!(self.object, Object::Point(_)) {
            "points"
        } else {
            "attributes"
        };
        json!({
            "WebId": id,
            "Name": self.name,
            "Path": context.plant.path(self.object),
            "Links": { "Source": context.link(&format!("{controller}/{id}")) },
        })
    }

    /// The stream with some of its values.
    pub fn series_item(&self, context: &Context<'_>, values: Value) -> Value {
        let mut item = self.head(context);
        item["Items"] = values;
        item["UnitsAbbreviation"] = json!(self.units);
        item
    }

    /// What arrived after one moment, up to another.
    pub fn arrivals(&self, after: Micros, until: Micros) -> Result<Vec<Arrival>, Refusal> {
        match self.point {
            Some(point) => Ok(point.signal.arrivals(after, until)),
            None => Err(self.is_static()),
        }
    }

    fn is_static(&self) -> Refusal {
        Refusal::new(
            409,
            format!(
                "The attribute '{}' is static: its data reference does not support this method.",
                self.name
            ),
        )
    }

    /// A sample as PI Web API shows it.
    pub fn timed(&self, context: &Context<'_>, sample: &Sample) -> Result<Value, Refusal> {
        let imposed = context
            .states
            .of(&context.plant.path(self.object))
            .map(|(name, value)| json!({ "Name": name, "Value": value, "IsSystem": true }));
        let good = imposed.is_none() && sample.reading.good();
        let own = match sample.reading.number() {
            Some(number) if self.units != self.own_units => {
                json!(units::convert(number, self.own_units, self.units)?)
            }
            _ => plain(&sample.reading),
        };
        Ok(json!({
            "Timestamp": time::format(sample.time),
            "Value": imposed.unwrap_or(own),
            "UnitsAbbreviation": self.units,
            "Good": good,
            "Questionable": sample.questionable,
            "Substituted": sample.substituted,
            "Annotated": sample.annotated,
        }))
    }
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
            match query.get("filterExpression") {
                None => view.recorded(start, end, boundary, most),
                Some(filter) => {
                    let whole = view.recorded(start, end, boundary, usize::MAX);
                    let mut kept = calculation::filter(context, filter, whole)?;
                    kept.truncate(most);
                    kept
                }
            }
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
    samples
        .iter()
        .map(|sample| stream.timed(context, sample))
        .collect()
}

fn summaries(context: &Context<'_>, stream: &Stream<'_>) -> Result<Value, Refusal> {
    let view = stream.view(context)?;
    let range = stream.range(context)?;
    summarize(context, &view, range, |sample| {
        stream.timed(context, sample)
    })
}

/// The summaries of one stream among others: what it has none of is told in its own values, and the others have theirs.
fn summaries_or_errors(context: &Context<'_>, stream: &Stream<'_>) -> Result<Value, Refusal> {
    let refusal = match summaries(context, stream) {
        Err(refusal) if refusal.status == 400 && stream.point.is_some() => refusal,
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

/// The summaries a request asks for.
pub fn summarize(
    context: &Context<'_>,
    view: &View<'_>,
    (start, end): (Micros, Micros),
    timed: impl Fn(&Sample) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    let query = &context.request.query;
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
            let value =
                Summary::of(view, from, to, basis.starts_with("timeweighted")).value(kind, from)?;
            items.push(summary::item(kind, &timed(&value)?));
        }
    }
    Ok(Value::Array(items))
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
