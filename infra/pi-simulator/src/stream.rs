//! One stream: the values of a point or an attribute, and how PI Web API shows them.

use serde_json::{Value, json};

use crate::context::Context;
use crate::plant::{Object, Owner, Point};
use crate::refusal::Refusal;
use crate::render::plain;
use crate::retrieval::View;
use crate::signal::{Arrival, Reading, Sample};
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
    /// The point its values come from; none for a static attribute.
    pub point: Option<&'a Point>,
    own_units: &'a str,
    /// Value of a static attribute and since when.
    pub fixed: Option<(&'a Reading, Micros)>,
    /// The default range: a day, or the event frame of an attribute.
    range: Option<(Micros, Micros)>,
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
                let units = context.told_unit(object, point.units);
                Ok(Self {
                    object,
                    point: Some(point),
                    name: &point.name,
                    units,
                    own_units: units,
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
                let units = context.told_unit(object, attribute.shape.unit.1);
                Ok(Self {
                    object,
                    point: attribute.point.map(|point| &plant.points[point]),
                    name: attribute.shape.name,
                    units,
                    own_units: units,
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

    /// The time range a request asks for; without it the last day, or the event frame of an attribute.
    pub fn range(&self, context: &Context<'_>) -> Result<(Micros, Micros), Refusal> {
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
