//! The data sources that people name in `$pi`: by their ids at the site of the call. What stands behind an id, the framework module says,
//! so that nobody reaches a server or credentials by writing them into an argument.

use crate::Calc;
use crate::arguments::{Argument, Given, pointer};
use crate::engine::Failure;
use bytes::Bytes;
use dcp::Start;
use dcp::http::{Caller, Problem, ServiceClient};
use dcp::model::SiteId;
use dcp::pi::{PiRequest, PiSource};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

/// Member of a `$pi` reference that names the source.
const SOURCE: &str = "source";
/// The only kind of source that is read here.
const KIND: &str = "pi-web-api";

/// Whoever knows the data sources, asked with this module's own credential from the first time on that somebody names one.
pub(crate) struct DataSources {
    start: Start,
    framework: OnceCell<ServiceClient>,
}

/// A data source as the framework module tells it.
#[derive(Deserialize)]
struct Known {
    kind: String,
    #[serde(flatten)]
    source: PiSource,
}

impl DataSources {
    pub(crate) fn new(start: &Start) -> Self {
        Self {
            start: start.clone(),
            framework: OnceCell::new(),
        }
    }

    async fn find(&self, site: &SiteId, id: &str, at: &str) -> Result<PiSource, Problem> {
        let framework = self
            .framework
            .get_or_try_init(|| self.start.service("framework"));
        let framework = framework
            .await
            .map_err(|error| Problem::unavailable("The list of data sources").because(error))?;
        let known: Vec<Known> = framework.get("/data-sources", Some(site)).await?;
        let readable: Vec<PiSource> = known
            .into_iter()
            .filter(|known| known.kind == KIND)
            .map(|known| known.source)
            .collect();
        if let Some(found) = readable.iter().find(|source| source.id == id) {
            return Ok(found.clone());
        }
        let ids: Vec<&str> = readable.iter().map(|source| source.id.as_str()).collect();
        let detail = format!(
            "is no data source of the site {site}; there are: {}",
            ids.join(", ")
        );
        Err(Failure::argument(format!("{at}/$pi/{SOURCE}"), detail).into())
    }
}

impl Calc {
    /// Puts what stands behind the ids of data sources in their places. A module knows that itself.
    pub(crate) async fn name_sources(
        &self,
        arguments: &mut [Argument],
        caller: &Caller,
    ) -> Result<(), Problem> {
        if caller.is_service() {
            return Ok(());
        }
        for Argument { name, value } in arguments {
            if let Given::Pi(query) = value {
                *query = self.with_source(&pointer(name), query, caller).await?;
            }
        }
        Ok(())
    }

    async fn with_source(
        &self,
        at: &str,
        query: &Bytes,
        caller: &Caller,
    ) -> Result<Bytes, Problem> {
        let wrong =
            |error: serde_json::Error| Failure::argument(format!("{at}/$pi"), error.to_string());
        let mut members: Map<String, Value> = serde_json::from_slice(query).map_err(wrong)?;
        let Some(id) = members.get(SOURCE).and_then(Value::as_str) else {
            let detail = "must be the id of a data source of the site; only modules name servers";
            return Err(Failure::argument(format!("{at}/$pi/{SOURCE}"), detail).into());
        };
        let source = self.sources.find(caller.site()?, id, at).await?;
        let source = serde_json::to_value(source).map_err(wrong)?;
        members.insert(SOURCE.to_owned(), source);
        let query: PiRequest = serde_json::from_value(Value::Object(members)).map_err(wrong)?;
        Ok(serde_json::to_vec(&query).map_err(wrong)?.into())
    }
}
