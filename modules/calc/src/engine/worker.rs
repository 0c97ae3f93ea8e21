//! One R process: loads scripts, runs calls, is interrupted at the deadline and killed when it does not listen.

use super::failure::Failure;
use super::frame;
use super::interim::Interim;
use super::outcome::{Answer, ended, read_outcome};
use super::settings::{START, Settings};
use super::shared::{self, Shared};
use super::source::Source;
use super::spawner::{Ends, Folder, Spawner};
use crate::keys::Hashing;
use std::collections::HashSet;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::Child;
use tokio_util::sync::CancellationToken;

/// What a function call needs, ready for the wire.
pub(crate) struct Job {
    /// The script, for a worker that has not loaded it yet.
    pub(crate) source: Source,
    pub(crate) function: String,
    /// Names and JSON values.
    pub(crate) arguments: Vec<(String, bytes::Bytes)>,
    /// R code of the script to evaluate instead of calling the function.
    pub(crate) example: Option<String>,
    pub(crate) seed: Seed,
}

/// What the random numbers of a call start from.
#[derive(Debug, Clone)]
pub(crate) enum Seed {
    Known(i32),
    /// Made of the arguments while they are on their way.
    Coming(Hashing),
}

/// What ends a call early.
pub(crate) struct Patience {
    pub(crate) allowed: Duration,
    pub(crate) deadline: Instant,
    pub(crate) cancelled: CancellationToken,
}

/// A running R process, owned by whoever calls it.
#[derive(Debug)]
pub(crate) struct Worker {
    child: Child,
    /// After the process: it goes when that has been ended.
    _folder: Folder,
    input: BufReader<OwnedReadHalf>,
    output: OwnedWriteHalf,
    pub(crate) shared: Shared,
    loaded: HashSet<Arc<str>>,
    /// What R said about itself.
    pub(crate) about: Arc<str>,
    pub(crate) calls: u32,
    pub(crate) idle_since: Instant,
    longest: usize,
}

impl Worker {
    /// Starts a process and waits until R is ready.
    pub(crate) async fn start(spawner: &Spawner, settings: &Settings) -> Result<Self, Failure> {
        let ready = async {
            let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
            ours.set_nonblocking(true)?;
            let (shared, memory) = Shared::make()?;
            let socket = theirs.into();
            let (child, folder) = spawner.spawn(Ends { socket, memory }).await?;
            let (input, output) = UnixStream::from_std(ours)?.into_split();
            let mut input = BufReader::new(input);
            match frame::read(&mut input, settings.result_bytes).await? {
                Some((frame::HELLO, about)) => {
                    let about = String::from_utf8(about).map_err(io::Error::other)?.into();
                    let loaded = HashSet::new();
                    let longest = settings.result_bytes;
                    Ok(Self {
                        child,
                        _folder: folder,
                        input,
                        output,
                        shared,
                        loaded,
                        about,
                        calls: 0,
                        idle_since: Instant::now(),
                        longest,
                    })
                }
                _ => Err(io::Error::other("the worker ended before it was ready")),
            }
        };
        let limit = START;
        tokio::time::timeout(limit, ready)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(Failure::Start)
    }

    /// Whether the script is there already, so that a call need not load it.
    pub(crate) fn has(&self, version: &str) -> bool {
        self.loaded.contains(version)
    }

    /// How many scripts it holds.
    pub(crate) fn scripts(&self) -> usize {
        self.loaded.len()
    }

    /// The process, for signals and figures.
    pub(crate) fn process(&self) -> Option<u32> {
        self.child.id()
    }

    /// Evaluates a script; the answer's value describes its functions.
    pub(crate) async fn load(
        &mut self,
        source: &Source,
        patience: &Patience,
    ) -> Result<Answer, Failure> {
        let (version, code, data) = (&source.version, &source.code, source.data.as_deref());
        let header = serde_json::json!({
            "version": version, "files": code.files(),
            "data_folder": data.map_or(Path::new(""), |data| &data.folder),
            "data_names": data.map_or(&[][..], |data| &data.names) });
        let text = code.text().as_bytes();
        self.send(frame::SOURCE, header.to_string().as_bytes(), &[text])
            .await?;
        let answer = self.answer(patience, &mut |_| {}).await?;
        self.loaded.insert(version.clone());
        Ok(answer)
    }

    /// Calls a function, loading its script first where needed.
    pub(crate) async fn call(
        &mut self,
        job: &Job,
        patience: &Patience,
        tell: &mut (dyn FnMut(Interim) + Send),
    ) -> Result<Answer, Failure> {
        self.calls += 1;
        let version = &job.source.version;
        if !self.has(version) {
            self.load(&job.source, patience).await?;
        }
        let sizes: Vec<(&str, usize)> = job
            .arguments
            .iter()
            .map(|(name, value)| (name.as_str(), value.len()))
            .collect();
        let known = match &job.seed {
            Seed::Known(seed) => Some(*seed),
            // Not begun before the arguments are on their way: it would keep them waiting.
            Seed::Coming(hashing) => hashing.peek().and_then(|made| Some(made.as_ref()?.seed)),
        };
        let together: usize = sizes.iter().map(|(_, size)| size).sum();
        let long = (together >= shared::LONG).then_some(together);
        let header = serde_json::json!({
            "version": version, "function": job.function, "args": sizes, "shared": long, "seed": known,
            "example": job.example });
        let values = job.arguments.iter().map(|(_, value)| value);
        let beside = if long.is_some() {
            let put = self.shared.put(values.cloned().collect()).await;
            put.map_err(Failure::Start)?;
            Vec::new()
        } else {
            values.map(AsRef::as_ref).collect()
        };
        self.send(frame::CALL, header.to_string().as_bytes(), &beside)
            .await?;
        if let Seed::Coming(hashing) = &job.seed
            && known.is_none()
        {
            let computed = hashing.clone().await.ok_or_else(Failure::stopping)?;
            self.send(frame::SEED, &computed.seed.to_le_bytes(), &[])
                .await?;
        }
        self.answer(patience, tell).await
    }

    async fn send(&mut self, kind: u8, header: &[u8], parts: &[&[u8]]) -> Result<(), Failure> {
        match frame::write(&mut self.output, kind, header, parts).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Failure::argument(
                "",
                "The arguments together are larger than a worker takes",
            )),
            Err(_) => Err(self.crashed().await),
        }
    }

    /// Waits for the outcome, passing on what is told meanwhile.
    async fn answer(
        &mut self,
        patience: &Patience,
        tell: &mut (dyn FnMut(Interim) + Send),
    ) -> Result<Answer, Failure> {
        let mut stage = Stage::Running {
            until: patience.deadline,
        };
        loop {
            match self.next_frame(patience, &mut stage).await {
                Some(Ok(Some((kind @ (frame::PROGRESS | frame::PARTIAL), body)))) => {
                    Interim::read(kind, &body).into_iter().for_each(&mut *tell);
                }
                Some(Ok(Some((frame::OUTCOME, payload)))) => {
                    return read_outcome(&payload, patience);
                }
                Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                    self.kill().await;
                    let limit = self.longest / (1 << 20);
                    return Err(Failure::Crashed {
                        cause: format!("The result is larger than {limit} MiB."),
                    });
                }
                Some(_) => return Err(self.crashed().await),
                None => {
                    self.kill().await;
                    return Err(ended(patience, true));
                }
            }
        }
    }

    /// The next frame; at the deadline or when cancelled R is interrupted, and `None` says that it did not listen.
    /// One read all along: a frame that has begun to arrive must not be torn.
    async fn next_frame(
        &mut self,
        patience: &Patience,
        stage: &mut Stage,
    ) -> Option<io::Result<Option<(u8, Vec<u8>)>>> {
        let mut read = std::pin::pin!(frame::read(&mut self.input, self.longest));
        loop {
            let (until, running) = match *stage {
                Stage::Running { until } => (until, true),
                Stage::Interrupted { until } => (until, false),
            };
            tokio::select! {
                biased;
                frame = &mut read => return Some(frame),
                () = tokio::time::sleep_until(until.into()) => {}
                () = patience.cancelled.cancelled(), if running => {}
            }
            if !running {
                return None;
            }
            *stage = Stage::Interrupted {
                until: Instant::now() + GRACE,
            };
            interrupt(&self.child);
        }
    }

    async fn kill(&mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!(%error, "an R worker could not be ended");
        }
    }

    /// The worker closed its socket: what ended it.
    async fn crashed(&mut self) -> Failure {
        let status = tokio::time::timeout(GRACE, self.child.wait()).await;
        let cause = if let Ok(Ok(status)) = status {
            match (status.code(), status.signal()) {
                (Some(code), _) => format!("The script ended its own R process, as quit(status = {code}) does."),
                (None, Some(9)) => "R was killed by the operating system, as happens when memory runs out.".into(),
                (None, Some(11 | 7)) => "R crashed with an invalid memory access; native code of a package is the usual cause.".into(),
                (None, Some(signal)) => format!("R was ended by signal {signal}."),
                (None, None) => "R ended for an unknown reason.".into(),
            }
        } else {
            self.kill().await;
            "R closed its connection to the engine.".into()
        };
        Failure::Crashed { cause }
    }
}

/// How long an interrupted call may take to stop.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Clone, Copy)]
enum Stage {
    Running { until: Instant },
    Interrupted { until: Instant },
}

fn interrupt(child: &Child) {
    let process = child
        .id()
        .and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
    if let Some(process) = process
        && let Err(error) = rustix::process::kill_process(process, rustix::process::Signal::INT)
    {
        tracing::warn!(%error, "an R worker could not be interrupted");
    }
}
