//! Process data as an argument: the engine reads them itself, near their source, and R gets a data frame.

use crate::Calc;
use crate::engine::{Failure, Patience, Progress};
use crate::request::Request;
use bytes::Bytes;
use dcp::pi::{BatchTable, PiAvailability, PiClient, PiError, PiRequest};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// Share of a calculation's progress that reading takes; the script's own progress follows from the start again.
const READING: f64 = 0.5;
/// How long to wait for an answer that another reader is waiting for.
const SHORTEST_REST: Duration = Duration::from_secs(1);
/// Folder of the secrets that may be named as credentials of a source.
const CREDENTIALS: &str = "pi/";

impl Calc {
    /// The batches of a `$pi` argument as a data frame: `batch`, `time` in seconds since the start of the batch, and a
    /// column per tag with NA where the value is not usable. Attribute `status` counts those.
    pub(crate) async fn read_process_data(
        &self,
        request: &Request,
        pointer: &str,
        query: &Bytes,
        patience: &Patience,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Bytes, Failure> {
        let query = admitted(pointer, query)?;
        let reading = self.read_rested(&query, request.again, progress);
        let until = patience.deadline.saturating_duration_since(Instant::now());
        let read = tokio::select! {
            read = reading => read,
            () = self.store.clock().sleep(until) => Err(PiError::Slow(patience.allowed)),
            () = patience.cancelled.cancelled() => return Err(Failure::Cancelled),
        };
        let table = read.map_err(|error| {
            tracing::warn!(
                source = query.source.id,
                error = dcp::chain(&error),
                "process data could not be read"
            );
            Failure::Data(format!("{}: {error}.", error.title()))
        })?;
        frame(&table).map_err(|error| Failure::Data(error.to_string()))
    }

    /// Waits once for a server that is left alone because it failed: a calculation takes longer than its rest.
    async fn read_rested(
        &self,
        query: &PiRequest,
        again: bool,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<BatchTable, PiError> {
        let rest = match self.read_batches(query, again, progress).await {
            Err(PiError::Resting(rest)) => *rest,
            read => return read,
        };
        let clock = self.store.clock();
        let left = match rest {
            PiAvailability::Resting { until, .. } => until.duration_since(clock.now()).try_into(),
            PiAvailability::Probing { .. } | PiAvailability::Available => Ok(Duration::ZERO),
        };
        // A rest that is over has no time left.
        let left: Duration = left.unwrap_or_default();
        clock.sleep(left.max(SHORTEST_REST)).await;
        self.read_batches(query, again, progress).await
    }

    async fn read_batches(
        &self,
        query: &PiRequest,
        again: bool,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<BatchTable, PiError> {
        let client = PiClient::open(&query.source, self.secrets.clone())
            .await?
            .with_cache(self.pi_cache.as_ref());
        let client = if again { client.reloading() } else { client };
        let tell = |read: dcp::pi::Progress| {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a share of a few hundred batches"
            )]
            let share = read.batches as f64 / read.of.max(1) as f64;
            progress(Progress {
                fraction: READING * share,
                message: format!("Reading batch {} of {}", read.batches, read.of),
            });
        };
        client
            .read_batches(&query.tags, &query.batches, &query.interpolation, tell)
            .await
    }
}

/// A reference names an address and a credential: a module's own, or what stood behind the id that a person named.
fn admitted(pointer: &str, query: &Bytes) -> Result<PiRequest, Failure> {
    let query: PiRequest = serde_json::from_slice(query)
        .map_err(|error| Failure::argument(pointer, error.to_string()))?;
    let credentials = query.source.credentials.as_deref().unwrap_or_default();
    if !credentials.is_empty()
        && (!credentials.starts_with(CREDENTIALS) || credentials.contains(".."))
    {
        return Err(Failure::argument(
            pointer,
            format!("names credentials outside {CREDENTIALS}"),
        ));
    }
    Ok(query)
}

fn frame(table: &BatchTable) -> Result<Bytes, serde_json::Error> {
    let name_of = |place: &u32| {
        usize::try_from(*place)
            .ok()
            .and_then(|place| table.batches.get(place))
    };
    let mut columns = Map::new();
    columns.insert(
        "batch".into(),
        table
            .batch
            .iter()
            .map(|place| json!(name_of(place)))
            .collect(),
    );
    columns.insert("time".into(), json!(table.seconds));
    for column in &table.columns {
        // serde_json writes what is no finite number as null, which R reads as NA.
        let usable = column
            .values
            .iter()
            .zip(&column.status)
            .map(|(value, status)| status.is_usable().then_some(*value));
        columns.insert(
            column.name.clone(),
            usable.map(|value| json!(value)).collect(),
        );
    }
    let names = table.columns.iter().map(|column| column.name.clone());
    let status: Map<String, Value> = names
        .zip(table.unusable().into_iter().map(Value::from))
        .collect();
    let frame = json!({ "$frame": columns, "status": status });
    serde_json::to_vec(&frame).map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dcp::pi::{Column, Status};

    #[test]
    fn what_is_not_usable_becomes_na_and_is_counted() {
        let column = Column {
            name: "T".into(),
            values: vec![1.5, f64::NAN],
            status: vec![Status::Good, Status::Bad],
        };
        let table = BatchTable {
            batches: vec!["b1".into()],
            batch: vec![0, 0],
            seconds: vec![0.0, 60.0],
            columns: vec![column],
        };
        let text = frame(&table).unwrap();
        let expected =
            r#"{"$frame":{"batch":["b1","b1"],"time":[0.0,60.0],"T":[1.5,null]},"status":{"T":1}}"#;
        assert_eq!(std::str::from_utf8(&text).unwrap(), expected);
    }
}
