//! One calculation from request to value, the same for HTTP and the bus.

use crate::Calc;
use crate::arguments::{self, Argument, Given};
use crate::caching::{CacheUse, Flight};
use crate::engine::{Answer, BadArgument, Failure, Interim, Job, Patience, Progress, Seed};
use crate::fits;
use crate::functions::Function;
use crate::given::ARGUMENT;
use crate::keys::{Computation, Hashing, content_key};
use crate::record::{Artifact, JSON, Notes, SVG, Stored};
use crate::request::Request;
use crate::roxygen::Cache;
use crate::running::Entry;
use crate::script::Script;
use crate::typed;
use bytes::Bytes;
use dcp::clock::Timestamp;
use dcp::model::Zone;
use dcp::telemetry::{Span, SpanKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What came out.
#[derive(Debug)]
pub(crate) struct Calculated {
    pub(crate) value: Bytes,
    pub(crate) script: Arc<Script>,
    pub(crate) result_key: Arc<str>,
    pub(crate) computation_key: String,
    pub(crate) notes: Notes,
    pub(crate) artifacts: Vec<Stored>,
    /// The results that were arguments.
    pub(crate) inputs: Vec<String>,
    pub(crate) started_at: Timestamp,
    pub(crate) duration: Duration,
    pub(crate) cache: CacheUse,
    /// Held until the value can be found by who waits to calculate the same.
    pub(crate) flight: Option<Flight>,
}

/// A request with everything looked up.
pub(crate) struct Prepared {
    job: Job,
    cache: Cache,
    inputs: Vec<String>,
    pub(crate) script: Arc<Script>,
    hashing: Hashing,
    /// Empty until it is known.
    pub(crate) computation_key: String,
}

impl Calc {
    /// Calculates; the record of the call is the caller's to store.
    pub(crate) async fn calculate(
        &self,
        request: &mut Request,
        entry: &Entry,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Calculated, Failure> {
        let begun = Instant::now();
        let started_at = self.store.clock().now();
        let patience = Patience {
            allowed: request.allowed,
            deadline: begun + request.allowed,
            cancelled: entry.cancelled(),
        };
        let mut tell = |one: Progress| {
            entry.has_come_to(&one);
            progress(one);
        };
        let mut prepared = self.prepare(request, entry, &patience, &mut tell).await?;
        entry.is_computation(&prepared.hashing);
        let may_be_known = !request.draft && prepared.cache != Cache::Volatile;
        let mut flight = None;
        if may_be_known {
            prepared.is_named().await?;
            let entered = self.flights.enter(&prepared.computation_key, &patience);
            flight = Some(entered.await?);
            if !request.again
                && let Some(earlier) = self.earlier(&prepared.computation_key).await?
            {
                let mut known = prepared.gave(earlier.value.clone(), earlier.notes.clone());
                (known.started_at, known.duration) = (started_at, begun.elapsed());
                known.cache = CacheUse::Hit(Box::new(earlier));
                return Ok(known);
            }
        }
        let answer = self
            .run(request, &prepared, entry, &patience, &mut tell)
            .await?;
        prepared.is_named().await?;
        let (value, notes, artifacts) = taken_apart(answer);
        let cache = self
            .cache_use(request, &prepared, may_be_known, &value)
            .await?;
        Ok(Calculated {
            artifacts,
            started_at,
            duration: begun.elapsed(),
            cache,
            flight,
            ..prepared.gave(value, notes)
        })
    }

    async fn run(
        &self,
        request: &Request,
        prepared: &Prepared,
        entry: &Entry,
        patience: &Patience,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Answer, Failure> {
        let version = &prepared.script.version;
        let mut lease = self
            .pool
            .take(request.lane, version, patience.deadline)
            .await?;
        entry.runs();
        let mut span = Span::within(SpanKind::Internal, || format!("R {}", request.function));
        if span.is_recorded() {
            span.set("calc.script", request.script.clone());
            span.set("calc.script.version", version.to_string());
        }
        let mut tell = |one| match one {
            Interim::Progress(one) => progress(one),
            Interim::Partial(one) => entry.has_given(one),
        };
        let called = lease.worker.call(&prepared.job, patience, &mut tell);
        let called = called.await;
        if let Err(failure) = &called {
            span.fail(failure.kind());
        }
        drop(span);
        self.pool.settle(lease, called.as_ref().err());
        self.pool.let_next_begin().await;
        called
    }

    async fn cache_use(
        &self,
        request: &Request,
        prepared: &Prepared,
        may_be_known: bool,
        value: &Bytes,
    ) -> Result<CacheUse, Failure> {
        if !may_be_known {
            return Ok(CacheUse::Bypass);
        }
        if !request.again {
            return Ok(CacheUse::Miss);
        }
        let key = content_key(value);
        let before = self.compare(request, prepared, &key).await?;
        Ok(CacheUse::Forced(before))
    }

    async fn prepare(
        &self,
        request: &mut Request,
        entry: &Entry,
        patience: &Patience,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Prepared, Failure> {
        if !self.offers(&request.script) {
            let (name, known) = (request.script.clone(), Vec::new());
            return Err(Failure::UnknownScript { name, known });
        }
        let script = if request.draft {
            self.scripts.on_its_way(&request.script).await?
        } else {
            self.admit_in_force().await?;
            self.scripts.in_force(&request.script).await?
        };
        entry.is_of(&script.version);
        let function = script.function(&request.function)?;
        arguments::check(function, &request.arguments)?;
        in_order_of(function, &mut request.arguments);
        request.given = Some(request.arguments.clone());
        let computation = Computation::of(&script.version, &function.name, &script.environment);
        let mut values = Vec::with_capacity(request.arguments.len());
        let mut inputs = Vec::new();
        for argument in std::mem::take(&mut request.arguments) {
            let mut value = self.resolve(request, &argument, patience, progress).await?;
            if let Given::Result { key, .. } = argument.value {
                value = typed::of_result(function.shape_of(&argument.name), value);
                inputs.push(key);
            }
            values.push((argument.name, value));
        }
        let mut bad = Vec::new();
        typed::settle(function, &mut values, &mut bad);
        let hashing = computation.of_arguments(&values);
        check_values(function, &values, bad)?;
        let job = Job {
            source: self.source_of(&script).await?,
            function: request.function.clone(),
            arguments: values,
            example: None,
            seed: Seed::Coming(hashing.clone()),
        };
        Ok(Prepared {
            job,
            cache: function.cache,
            inputs,
            script,
            hashing,
            computation_key: String::new(),
        })
    }

    /// The JSON of an argument, wherever it comes from.
    async fn resolve(
        &self,
        request: &Request,
        argument: &Argument,
        patience: &Patience,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Bytes, Failure> {
        let pointer = || arguments::pointer(&argument.name);
        match &argument.value {
            Given::Value(value) => Ok(value.clone()),
            Given::Result { key, path } => {
                let found = self.find_or_pull(key, patience).await?;
                if found.draft && !request.draft && self.zone == Zone::Gxp {
                    let detail = format!(
                        "result {key} was calculated by a draft, which a version in force does not build on"
                    );
                    return Err(Failure::argument(pointer(), detail));
                }
                let text = std::str::from_utf8(&found.value).unwrap_or_default();
                let part = (found.media_type == JSON).then(|| arguments::part(text, path));
                let part = part.flatten().ok_or_else(|| {
                    Failure::argument(pointer(), format!("result {key} has nothing at {path:?}"))
                })?;
                Ok(found.value.slice_ref(part.as_bytes()))
            }
            Given::Kept(key) => match self.results.find(key).await? {
                Some(found) if found.media_type == ARGUMENT => Ok(found.value),
                _ => Err(self.results.missing(key).await?),
            },
            Given::Pi(query) => {
                self.read_process_data(request, &pointer(), query, patience, progress)
                    .await
            }
        }
    }
}

impl Prepared {
    /// Waits until its name is made, which long arguments are hashed for meanwhile.
    async fn is_named(&mut self) -> Result<(), Failure> {
        let computed = self.hashing.clone().await;
        self.computation_key = computed.ok_or_else(Failure::stopping)?.key;
        Ok(())
    }

    fn gave(&self, value: Bytes, notes: Notes) -> Calculated {
        Calculated {
            result_key: content_key(&value).into(),
            value,
            script: self.script.clone(),
            computation_key: self.computation_key.clone(),
            notes,
            artifacts: Vec::new(),
            inputs: self.inputs.clone(),
            started_at: Timestamp::UNIX_EPOCH,
            duration: Duration::ZERO,
            cache: CacheUse::Bypass,
            flight: None,
        }
    }
}

/// Plots become results of their own.
fn taken_apart(answer: Answer) -> (Bytes, Notes, Vec<Stored>) {
    let stored: Vec<Stored> = answer
        .artifacts
        .into_iter()
        .map(|text| Stored {
            key: content_key(text.as_bytes()).into(),
            content: text.into(),
            media_type: SVG,
        })
        .collect();
    let artifacts = stored.iter().enumerate().map(|(index, one)| Artifact {
        name: format!("plot-{}", index + 1),
        media_type: one.media_type.to_owned(),
        key: one.key.to_string(),
    });
    let notes = Notes {
        warnings: answer.warnings,
        messages: answer.messages,
        output: answer.output,
        artifacts: artifacts.collect(),
        calendar: answer.calendar,
        ..Notes::default()
    };
    (answer.value.into(), notes, stored)
}

/// Refuses values that do not fit what the function says of its arguments, and those that were found bad before.
fn check_values(
    function: &Function,
    values: &[(String, Bytes)],
    mut bad: Vec<BadArgument>,
) -> Result<(), Failure> {
    for (name, value) in values {
        let shape = function.shape_of(name);
        if let Some(shape) = shape.filter(|shape| !shape.kind.is_typed()) {
            fits::check(shape, &arguments::pointer(name), value, &mut bad);
        }
    }
    if bad.is_empty() {
        Ok(())
    } else {
        Err(Failure::InvalidArguments(bad))
    }
}

/// The order of the definition, further names behind it: so that the order of the body does not matter.
fn in_order_of(function: &Function, arguments: &mut [Argument]) {
    arguments.sort_by_key(|argument| {
        function
            .args
            .iter()
            .position(|known| known.name == argument.name)
            .unwrap_or(function.args.len())
    });
}
