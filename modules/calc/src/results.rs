//! Results by their content: what a call gave, for as long as somebody may ask.

use crate::Calc;
use crate::arrow::{self, ARROW};
use crate::caching::{CacheUse, Earlier};
use crate::calculation::Calculated;
use crate::engine::{Calendar, Failure};
use crate::envelope::names;
use crate::keeping::NotesOfCall;
use crate::record::{CallRecord, JSON, Notes, Stored};
use crate::recorder::Recorded;
use crate::remembered::Remembered;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dcp::clock::Timestamp;
use dcp::http::{Path, Problem};
use dcp::params;
use dcp::store::Store;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Header that tells the zone in which a result was calculated.
pub(crate) const ZONE: &str = "dcp-result-zone";
/// Calls of a result that are asked what its texts are.
const MAKERS: u32 = 20;
/// Header that tells whether drafts alone gave a result.
pub(crate) const DRAFT: &str = "dcp-result-draft";

/// The stored results and those on their way to the store.
#[derive(Debug)]
pub(crate) struct Results {
    store: Store,
    arriving: Mutex<Arriving>,
}

#[derive(Debug, Default)]
struct Arriving {
    by_key: HashMap<Arc<str>, Found>,
    by_computation: HashMap<String, Earlier>,
    remembered: Remembered,
}

/// A result.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) value: Bytes,
    pub(crate) media_type: Cow<'static, str>,
    /// Whether drafts alone gave it.
    pub(crate) draft: bool,
}

#[derive(Deserialize)]
struct Row {
    value: String,
    media_type: String,
    draft: bool,
}

#[derive(Deserialize)]
struct Pruned {
    at: Timestamp,
    why: String,
}

impl Results {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            arriving: Mutex::default(),
        }
    }

    /// What is kept under a key; `None` when nothing is.
    pub(crate) async fn find(&self, key: &str) -> Result<Option<Found>, Failure> {
        let arriving = self.lock().by_key.get(key).cloned();
        if let Some(found) = arriving.clone()
            && !found.draft
        {
            return Ok(Some(found));
        }
        let rows = self.store.read("result_by_key", params![key]).await?;
        let stored = rows.optional::<Row>()?.map(|row| Found {
            value: row.value.into(),
            media_type: row.media_type.into(),
            draft: row.draft,
        });
        Ok(stored.or(arriving))
    }

    /// Why there is nothing under a key.
    pub(crate) async fn missing(&self, key: &str) -> Result<Failure, Failure> {
        let rows = self.store.read("pruned_result", params![key]).await?;
        let key = key.to_owned();
        Ok(match rows.optional::<Pruned>()? {
            Some(Pruned { at, why }) => Failure::Pruned { key, at, why },
            None => Failure::UnknownResult(key),
        })
    }

    /// Makes a call's results readable before they are stored.
    pub(crate) fn announce(&self, calculated: &Calculated, call: &CallRecord, stored: &[Stored]) {
        let mut arriving = self.lock();
        for one in stored {
            let found = Found {
                value: one.content.clone(),
                media_type: one.media_type.into(),
                draft: call.draft,
            };
            let known = arriving.by_key.entry(one.key.clone()).or_insert(found);
            known.draft &= call.draft;
        }
        if matches!(calculated.cache, CacheUse::Miss) {
            let earlier = Earlier {
                call_id: call.id.clone(),
                started_at: calculated.started_at,
                requested_by: call.requested_by_name.clone(),
                result_key: calculated.result_key.clone(),
                value: calculated.value.clone(),
                notes: calculated.notes.clone(),
            };
            arriving
                .by_computation
                .insert(calculated.computation_key.clone(), earlier);
        }
    }

    /// What a computation gave that is on its way to the store, or was found there a moment ago.
    pub(crate) fn computed(&self, computation_key: &str) -> Option<Earlier> {
        let arriving = self.lock();
        let earlier = arriving.by_computation.get(computation_key).cloned();
        earlier.or_else(|| arriving.remembered.get(computation_key, Instant::now()))
    }

    /// What a computation gave, as the store said just now.
    pub(crate) fn remember(&self, computation_key: &str, earlier: &Earlier) {
        let mut arriving = self.lock();
        arriving
            .remembered
            .put(computation_key, earlier, Instant::now());
    }

    /// A computation is not to be answered from here any more.
    pub(crate) fn forget(&self, computation_key: &str) {
        let mut arriving = self.lock();
        arriving.by_computation.remove(computation_key);
        arriving.remembered.forget(computation_key);
    }

    /// The store has them now.
    pub(crate) fn stored(&self, batch: &[Recorded]) {
        let mut arriving = self.lock();
        for one in batch {
            for stored in &one.stored {
                // What a draft stored may be on its way from a version in force as well, which says more of it.
                let known = arriving.by_key.get(&stored.key);
                if known.is_some_and(|known| known.draft || !one.call.draft) {
                    arriving.by_key.remove(&stored.key);
                }
            }
            arriving.by_computation.remove(&one.call.computation_key);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Arriving> {
        self.arriving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A result by its key. The key is the SHA-256 of the body in JSON, so that can be checked and never changes; a table is told in
/// Arrow, too.
#[utoipa::path(get, path = "/api/calc/results/{key}", tag = "results",
    params(("key" = String, Path, description = "the result's key")),
    responses((status = 200, description = "the value", body = serde_json::Value), (status = 304, description = "unchanged"),
        (status = 404, description = "unknown", body = Problem), (status = 410, description = "no longer kept", body = Problem)))]
pub(crate) async fn result_by_key(
    State(calc): State<Calc>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !names(&headers, "accept", ARROW) {
        return kept(&calc, &key, &headers, |kind| kind == JSON).await;
    }
    let found = fitting(&calc, &key, |kind| kind == JSON).await?;
    let about = serde_json::json!({ "result_key": key }).to_string();
    let body = arrow::stream(&found.value, &calc.calendar_of(&key).await?, about)?;
    Ok(([(header::CONTENT_TYPE, ARROW)], body).into_response())
}

impl Calc {
    /// Which texts of a result are dates and instants, as the calls said that gave it.
    async fn calendar_of(&self, key: &str) -> Result<Calendar, Failure> {
        self.recorder.settled().await;
        let calls = self
            .store
            .read("calls_of_result", params![key, MAKERS])
            .await?;
        let calls = calls.all::<NotesOfCall>()?.into_iter();
        let mut told = calls.map(|call| Notes::from_text(call.notes.as_deref()).calendar);
        Ok(told.find(|one| !one.is_empty()).unwrap_or_default())
    }
}

/// What is kept under a key and is of a fitting kind.
pub(crate) async fn fitting(
    calc: &Calc,
    key: &str,
    fits: impl Fn(&str) -> bool,
) -> Result<Found, Failure> {
    match calc.results.find(key).await? {
        Some(found) if fits(&found.media_type) => Ok(found),
        Some(_) => Err(Failure::UnknownResult(key.to_owned())),
        None => Err(calc.results.missing(key).await?),
    }
}

/// The same with what caches want to know.
pub(crate) async fn kept(
    calc: &Calc,
    key: &str,
    headers: &HeaderMap,
    fits: impl Fn(&str) -> bool,
) -> Result<Response, Problem> {
    let found = fitting(calc, key, fits).await?;
    let header = |text: &str| HeaderValue::from_str(text).map_err(Problem::internal);
    let tag = header(&format!("\"{key}\""))?;
    let unchanged = headers.get(header::IF_NONE_MATCH) == Some(&tag);
    let answer_headers = [
        (header::CONTENT_TYPE, header(&found.media_type)?),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=31536000, immutable"),
        ),
        (header::VARY, HeaderValue::from_static("accept")),
        (header::ETAG, tag),
        (HeaderName::from_static(ZONE), header(calc.zone.as_str())?),
        (
            HeaderName::from_static(DRAFT),
            HeaderValue::from_static(if found.draft { "true" } else { "false" }),
        ),
        // A plot comes from a script: whatever stands in it must not run in the portal.
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
        ),
    ];
    if unchanged {
        return Ok((StatusCode::NOT_MODIFIED, answer_headers).into_response());
    }
    Ok((answer_headers, found.value).into_response())
}
