//! Answers from the store: by declared purity, calculated once for all who ask at the same time, and never trusted blindly.
//!
//! A hit says so and names the call that calculated the value. `Cache-Control: no-cache` calculates again and compares; a
//! computation that gave two values is a deviation, recorded and told, and is not answered from the store any more.

use crate::Calc;
use crate::calculation::Prepared;
use crate::engine::{Failure, Patience};
use crate::record::Notes;
use crate::request::Request;
use crate::script::Script;
use bytes::Bytes;
use dcp::clock::Timestamp;
use dcp::events::calc::ResultDeviated;
use dcp::params;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// An earlier call that gave the value.
#[derive(Debug, Clone)]
pub(crate) struct Earlier {
    pub(crate) call_id: String,
    pub(crate) started_at: Timestamp,
    pub(crate) requested_by: String,
    pub(crate) result_key: Arc<str>,
    pub(crate) value: Bytes,
    pub(crate) notes: Notes,
}

/// The call that gave a computation's first value, and the value's key.
pub(crate) struct Before<'a> {
    pub(crate) call_id: &'a str,
    pub(crate) result_key: &'a str,
}

/// How the store took part in an answer.
#[derive(Debug, Clone)]
pub(crate) enum CacheUse {
    /// The value is an earlier call's.
    Hit(Box<Earlier>),
    /// Calculated, and kept for later calls.
    Miss,
    /// Calculated although there may have been a value; the key of that value where it differs.
    Forced(Option<String>),
    /// Calculated, because the function does not declare that an earlier value will do.
    Bypass,
}

#[derive(Deserialize)]
struct Row {
    call_id: String,
    started_at: Timestamp,
    requested_by_name: String,
    result_key: String,
    notes: Option<String>,
    value: String,
}

type Locks = Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>;

/// One lock per computation that is under way.
#[derive(Debug, Default)]
pub(crate) struct Flights(Arc<Locks>);

/// The right to calculate; who waits for it finds the value when it is given back.
#[derive(Debug)]
pub(crate) struct Flight {
    locks: Arc<Locks>,
    key: String,
    held: Option<OwnedMutexGuard<()>>,
}

impl Flights {
    /// Waits until nobody else calculates the same.
    pub(crate) async fn enter(&self, key: &str, patience: &Patience) -> Result<Flight, Failure> {
        let lock = lock(&self.0).entry(key.to_owned()).or_default().clone();
        let mut flight = Flight {
            locks: self.0.clone(),
            key: key.to_owned(),
            held: None,
        };
        tokio::select! {
            held = lock.lock_owned() => flight.held = Some(held),
            () = tokio::time::sleep_until(patience.deadline.into()) => return Err(Failure::Busy),
            () = patience.cancelled.cancelled() => return Err(Failure::Cancelled),
        }
        Ok(flight)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut locks = lock(&self.locks);
        self.held = None;
        // Clones are made while the map is locked, so nobody else holds it now.
        if locks
            .get(&self.key)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            locks.remove(&self.key);
        }
    }
}

fn lock(locks: &Locks) -> std::sync::MutexGuard<'_, HashMap<String, Arc<tokio::sync::Mutex<()>>>> {
    locks.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Calc {
    /// The value that an equal computation gave before.
    pub(crate) async fn earlier(&self, computation_key: &str) -> Result<Option<Earlier>, Failure> {
        if let Some(earlier) = self.results.computed(computation_key) {
            return Ok(Some(earlier));
        }
        let rows = self
            .store
            .read("result_of_computation", params![computation_key])
            .await?;
        let row: Option<Row> = rows.optional()?;
        let earlier = row.map(|row| Earlier {
            call_id: row.call_id,
            started_at: row.started_at,
            requested_by: row.requested_by_name,
            result_key: row.result_key.into(),
            value: row.value.into(),
            notes: Notes::from_text(row.notes.as_deref()),
        });
        if let Some(earlier) = &earlier {
            self.results.remember(computation_key, earlier);
        }
        Ok(earlier)
    }

    /// Compares a repeated computation with the earlier one: the earlier key, where they differ.
    pub(crate) async fn compare(
        &self,
        request: &Request,
        prepared: &Prepared,
        result_key: &str,
    ) -> Result<Option<String>, Failure> {
        let earlier = self.earlier(&prepared.computation_key).await?;
        let Some(earlier) = earlier.filter(|earlier| *earlier.result_key != *result_key) else {
            return Ok(None);
        };
        let before = Before {
            call_id: &earlier.call_id,
            result_key: &earlier.result_key,
        };
        let (script, key) = (&prepared.script, &prepared.computation_key);
        self.tell_deviation(request, script, key, &before, result_key)
            .await?;
        Ok(Some(earlier.result_key.to_string()))
    }

    /// Records and tells that a computation gave another value than before.
    pub(crate) async fn tell_deviation(
        &self,
        request: &Request,
        script: &Script,
        computation_key: &str,
        before: &Before<'_>,
        result_key: &str,
    ) -> Result<(), Failure> {
        let event = ResultDeviated {
            call_id: request.call_id.clone(),
            computation_key: computation_key.to_owned(),
            script: script.name.clone(),
            version: script.version.to_string(),
            function: request.function.clone(),
            before_call_id: before.call_id.to_owned(),
            before_key: before.result_key.to_owned(),
            after_key: result_key.to_owned(),
            by: request.requested_by.clone(),
            at: self.store.clock().now(),
            node: self.node.clone(),
        };
        self.record_deviation(&event).await?;
        self.results.forget(computation_key);
        tracing::error!(
            script.name = event.script,
            script.version = event.version,
            function = event.function,
            computation.key = event.computation_key,
            "the same computation gave two values"
        );
        Ok(())
    }

    async fn record_deviation(&self, event: &ResultDeviated) -> Result<(), Failure> {
        let mut tx = self.store.begin().await?;
        let values = params![
            &event.call_id,
            &event.computation_key,
            &event.script,
            &event.version,
            &event.function,
            &event.before_call_id,
            &event.before_key,
            &event.after_key,
            &event.by.id,
            &event.by.name,
            event.at,
            &event.node
        ];
        tx.call("deviation_add", values).await?;
        tx.publish(event).await?;
        Ok(tx.commit().await?)
    }
}
