//! Results by their content: what a call gave, for as long as somebody may ask.

use crate::Calc;
use crate::engine::Failure;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dcp::http::{Path, Problem};
use dcp::params;
use dcp::store::Store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The stored results and those on their way to the store.
#[derive(Debug)]
pub(crate) struct Results {
    store: Store,
    arriving: Mutex<HashMap<Arc<str>, Bytes>>,
}

impl Results {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            arriving: Mutex::default(),
        }
    }

    /// The value's JSON; `None` when no such result is kept.
    pub(crate) async fn find(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        if let Some(value) = self.lock().get(key) {
            return Ok(Some(value.clone()));
        }
        let found: Option<String> = self
            .store
            .read("result_by_key", params![key])
            .await?
            .optional()?;
        Ok(found.map(Bytes::from))
    }

    /// Makes a result readable before it is stored.
    pub(crate) fn announce(&self, key: &Arc<str>, value: &Bytes) {
        self.lock().insert(key.clone(), value.clone());
    }

    /// The store has them now.
    pub(crate) fn stored<'a>(&self, keys: impl Iterator<Item = &'a str>) {
        let mut arriving = self.lock();
        for key in keys {
            arriving.remove(key);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Bytes>> {
        self.arriving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A result by its key. The key is the SHA-256 of the body, so the body can be checked and never changes.
#[utoipa::path(get, path = "/api/calc/results/{key}", tag = "results",
    params(("key" = String, Path, description = "the result's key")),
    responses((status = 200, description = "the value", body = serde_json::Value), (status = 304, description = "unchanged"),
        (status = 404, description = "not kept", body = Problem)))]
pub(crate) async fn result_by_key(
    State(calc): State<Calc>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tag = format!("\"{key}\"");
    let value = calc
        .results
        .find(&key)
        .await?
        .ok_or_else(|| Failure::UnknownResult(key.clone()))?;
    let tag_value = HeaderValue::from_str(&tag).map_err(Problem::internal)?;
    let answer_headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=31536000, immutable"),
        ),
        (header::ETAG, tag_value),
    ];
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return Ok((StatusCode::NOT_MODIFIED, answer_headers).into_response());
    }
    Ok((answer_headers, value).into_response())
}
