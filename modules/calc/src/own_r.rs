//! What the engine asks R for itself, in a fresh worker, with a script of its own that nobody publishes.

use crate::Calc;
use crate::engine::{Code, Failure, Job, Lane, Patience, Seed, Source};
use crate::keys::content_key;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// The script.
const SOURCE: &str = include_str!("engine.R");
/// How long an answer may take.
const TIME: Duration = Duration::from_secs(30);

impl Calc {
    /// Calls a function of the engine's own script.
    pub(crate) async fn ask_r<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: Vec<(String, Bytes)>,
    ) -> Result<T, Failure> {
        let deadline = Instant::now() + TIME;
        let patience = Patience {
            allowed: TIME,
            deadline,
            cancelled: CancellationToken::new(),
        };
        let job = Job {
            source: Source {
                version: content_key(SOURCE.as_bytes()).into(),
                code: Arc::new(Code::of_text(SOURCE)),
                data: None,
            },
            function: function.to_owned(),
            arguments,
            example: None,
            seed: Seed::Known(1),
        };
        let mut lease = self.pool.fresh(Lane::Short, deadline).await?;
        let answer = lease.worker.call(&job, &patience, &mut |_| {}).await?;
        serde_json::from_slice(&answer.value).map_err(|error| Failure::Crashed {
            cause: format!("R's answer to {function} cannot be read: {error}"),
        })
    }
}
