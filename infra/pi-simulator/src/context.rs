//! What every handler knows: the plant, the request and the present.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::Simulator;
use crate::access::Caller;
use crate::faults::{States, Veils};
use crate::plant::{Object, Plant};
use crate::query::Query;
use crate::refusal::Refusal;
use crate::time::{self, Micros};
use crate::webid::{self, Form};

/// A GET request below `/piwebapi`.
#[derive(Debug, Clone)]
pub struct Request {
    /// Scheme, host and `/piwebapi` as the caller addressed them.
    pub base: String,
    /// Parts of the path as they came; `WebIDs` depend on their case.
    pub segments: Vec<String>,
    /// The parameters.
    pub query: Query,
}

impl Request {
    /// Splits a path below `/piwebapi` and its query.
    pub fn new(base: &str, path: &str, query: &str) -> Self {
        let segments = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(crate::query::decode)
            .collect();
        Self {
            base: base.to_owned(),
            segments,
            query: Query::parse(query),
        }
    }
}

/// The surroundings of one answer.
#[derive(Debug)]
pub struct Context<'a> {
    /// The server.
    pub simulator: &'a Simulator,
    /// The plant.
    pub plant: &'a Plant,
    /// The request.
    pub request: &'a Request,
    /// Who asks.
    pub caller: &'a Caller,
    /// The present.
    pub now: Micros,
    /// The zone of times without one.
    pub zone: TimeZone,
    /// System states that faults impose.
    pub states: States,
    /// Objects that faults take away, or their units.
    veils: Veils,
    form: Form,
}

impl<'a> Context<'a> {
    /// Reads what all requests may carry: `timeZone` and `webIdType`.
    pub fn new(
        simulator: &'a Simulator,
        request: &'a Request,
        caller: &'a Caller,
    ) -> Result<Self, Refusal> {
        Self::at(simulator, request, caller, simulator.now())
    }

    /// The same at a given moment.
    pub fn at(
        simulator: &'a Simulator,
        request: &'a Request,
        caller: &'a Caller,
        now: Micros,
    ) -> Result<Self, Refusal> {
        let zone = match request.query.get("timeZone") {
            None => simulator.zone.clone(),
            Some(name) => zone(name)?,
        };
        let form = match request
            .query
            .get("webIdType")
            .map(str::to_ascii_lowercase)
            .as_deref()
        {
            None | Some("full") => Form::Full,
            Some("idonly") => Form::IdOnly,
            Some("pathonly") => Form::PathOnly,
            Some("localidonly") => Form::LocalIdOnly,
            Some("defaultidonly") => Form::DefaultIdOnly,
            Some(other) => {
                return Err(Refusal::bad_request(format!(
                    "The WebID type '{other}' is not known."
                )));
            }
        };
        Ok(Self {
            simulator,
            plant: &simulator.plant,
            request,
            caller,
            now,
            zone,
            states: simulator.faults.states(),
            veils: simulator.faults.veils(),
            form,
        })
    }

    /// The `WebID` of an object in the form the caller wants.
    pub fn web_id(&self, object: Object) -> String {
        webid::encode(
            self.form,
            &self.plant.identity(object),
            &self.plant.web_id_path(object),
        )
    }

    /// The object a `WebID` names, or 404; 403 where the account may not read it.
    pub fn object(&self, web_id: &str) -> Result<Object, Refusal> {
        let unknown = || Refusal::unknown("The object with WebID", web_id);
        let object = self.plant.find(web_id).ok_or_else(unknown)?;
        if self.is_gone(object) {
            return Err(unknown());
        }
        if !self.veils.is_empty() && self.veils.is_forbidden(&self.plant.path(object)) {
            return Err(Refusal::new(
                403,
                "The user does not have permission to read this object.",
            ));
        }
        Ok(object)
    }

    /// Whether a fault has taken an object away.
    fn is_gone(&self, object: Object) -> bool {
        !self.veils.is_empty() && self.veils.is_gone(&self.plant.path(object))
    }

    /// The name or abbreviation of an object's unit; none where a fault has taken it away.
    pub fn told_unit(&self, object: Object, own: &'static str) -> &'static str {
        let unitless = !self.veils.is_empty() && self.veils.is_unitless(&self.plant.path(object));
        if unitless { "" } else { own }
    }

    /// The objects that the request's `webId` parameters name; at least one.
    pub fn objects(&self) -> Result<Vec<Object>, Refusal> {
        let ids = self.request.query.all("webId");
        if ids.is_empty() {
            return Err(Refusal::bad_request("The parameter webId is required."));
        }
        ids.into_iter().map(|id| self.object(id)).collect()
    }

    /// An absolute address.
    pub fn link(&self, path: &str) -> String {
        format!("{}/{path}", self.request.base)
    }

    /// Named links.
    pub fn links(&self, links: &[(&str, String)]) -> Value {
        Value::Object(
            links
                .iter()
                .map(|(name, path)| ((*name).to_owned(), json!(self.link(path))))
                .collect::<Map<_, _>>(),
        )
    }

    /// A time parameter, or the default.
    pub fn time(&self, key: &str, default: &str) -> Result<Micros, Refusal> {
        time::parse(
            self.request.query.get(key).unwrap_or(default),
            self.now,
            &self.zone,
        )
    }

    /// How many values or objects the caller takes.
    pub fn max_count(&self) -> Result<usize, Refusal> {
        self.request.query.number(
            "maxCount",
            1000.min(self.simulator.most),
            self.simulator.most,
        )
    }

    /// One page of a list, with links to its neighbours.
    pub fn page(
        &self,
        objects: &[Object],
        render: impl Fn(Object) -> Value,
    ) -> Result<Value, Refusal> {
        let start = self.request.query.number("startIndex", 0, usize::MAX)?;
        let size = self.max_count()?.max(1);
        let objects: Vec<Object> = objects
            .iter()
            .copied()
            .filter(|object| !self.is_gone(*object))
            .collect();
        let page = objects.iter().skip(start).take(size);
        let items: Vec<Value> = page.map(|object| render(*object)).collect();
        let address = |start: usize| {
            json!(self.link(&format!(
                "{}?{}",
                self.request.segments.join("/"),
                self.request.query.with_start(start)
            )))
        };
        let mut links = Map::new();
        links.insert("First".to_owned(), address(0));
        if start > 0 {
            links.insert("Previous".to_owned(), address(start.saturating_sub(size)));
        }
        if start.saturating_add(size) < objects.len() {
            links.insert("Next".to_owned(), address(start + size));
        }
        links.insert(
            "Last".to_owned(),
            address(objects.len().saturating_sub(1) / size * size),
        );
        Ok(json!({ "Links": links, "Items": items }))
    }
}

/// IANA names, and the few Windows names clients send.
pub fn zone(name: &str) -> Result<TimeZone, Refusal> {
    let iana = match name.to_ascii_lowercase().as_str() {
        "utc" | "gmt" | "z" | "coordinated universal time" => return Ok(TimeZone::UTC),
        "w. europe standard time" => "Europe/Zurich".to_owned(),
        "gmt standard time" => "Europe/London".to_owned(),
        "eastern standard time" => "America/New_York".to_owned(),
        "pacific standard time" => "America/Los_Angeles".to_owned(),
        _ => name.to_owned(),
    };
    TimeZone::get(&iana)
        .map_err(|_| Refusal::bad_request(format!("The time zone '{name}' is not known.")))
}
