//! One process of a module: its start, its readiness, its end.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use super::hand_over::hand_over;
use super::launch::LAUNCH;
use super::log_file::LogFile;
use super::pool::Pool;
use crate::tls::Trust;

/// How long a module may finish what it has begun after SIGTERM.
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(5);
/// Between two looks at a module that is starting: a small part of the 0.3 s a start may take.
const READY_POLL: Duration = Duration::from_millis(10);
/// A module that is not ready by then is started again: migrations of a large database fit in.
const START_TIME: Duration = Duration::from_mins(1);
/// An answer about one's own health is small and quick, or the process hangs.
const HEALTH_TIME: Duration = Duration::from_secs(2);
/// A line of a log longer than this is cut.
const LOG_LINE_BYTES: u64 = 16 * 1024;

/// What an instance is started with.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) log: PathBuf,
}

/// Something that answers for a module, as the edge sees it.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) id: u32,
    /// `host:port` where it answers.
    pub(crate) address: String,
    /// The process, when this node has started it.
    pub(crate) process: Option<Process>,
    pub(crate) pool: Arc<Pool>,
}

/// A process of this node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pub(crate) port: u16,
    pub(crate) pid: u32,
}

impl Instance {
    /// One that others have started; with whom to trust where it speaks TLS.
    pub(crate) fn elsewhere(id: u32, address: &str, trust: Option<Arc<Trust>>) -> Self {
        Self {
            id,
            address: address.to_owned(),
            process: None,
            pool: Arc::new(Pool::trusting(address, trust)),
        }
    }

    fn of_process(id: u32, process: Process) -> Self {
        Self {
            process: Some(process),
            ..Self::elsewhere(id, &format!("127.0.0.1:{}", process.port), None)
        }
    }

    /// The status it answers to `GET path`, or why there is none.
    pub(crate) async fn health(&self, path: &str) -> Result<u16, String> {
        self.pool.status(path, HEALTH_TIME).await
    }
}

/// A process that runs, as the supervisor holds it.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) instance: Arc<Instance>,
    pub(crate) started: Instant,
    child: Child,
}

impl Recipe {
    /// Starts the process on `port`. Its output goes to its log.
    pub(crate) fn start(&self, id: u32, port: u16) -> std::io::Result<Running> {
        let mut log = LogFile::open(&self.log)?;
        writeln!(log, "--- started as instance {id} on port {port}")?;
        let mut command = Command::new(std::env::current_exe()?);
        hand_over(&mut command, &self.environment)?;
        let mut child = command
            .arg(LAUNCH)
            .arg(std::process::id().to_string())
            .arg(&self.program)
            .current_dir(&self.folder)
            .env("DCP__NODE__INSTANCE", id.to_string())
            .env("DCP__HTTP__LISTEN", format!("127.0.0.1:{port}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let log = Arc::new(std::sync::Mutex::new(log));
        if let Some(output) = child.stdout.take() {
            tokio::spawn(copy_lines(output, Arc::clone(&log)));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(copy_lines(output, log));
        }
        let pid = child.id().unwrap_or_default();
        Ok(Running {
            instance: Arc::new(Instance::of_process(id, Process { port, pid })),
            started: Instant::now(),
            child,
        })
    }
}

impl Running {
    /// Waits until the process ends by itself.
    pub(crate) async fn end(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => describe(status),
            Err(error) => format!("its process was lost: {error}"),
        }
    }

    /// Waits until it is ready; the error says why it will not be.
    pub(crate) async fn ready(&mut self) -> Result<(), String> {
        let instance = Arc::clone(&self.instance);
        let polls = async {
            while instance.health("/health/ready").await != Ok(200) {
                tokio::time::sleep(READY_POLL).await;
            }
        };
        tokio::select! {
            end = self.child.wait() => Err(end.map_or_else(|error| error.to_string(), describe)),
            done = tokio::time::timeout(START_TIME, polls) => done.map_err(|_| format!("it was not ready within {} s", START_TIME.as_secs())),
        }
    }

    /// SIGTERM, time to drain, SIGKILL.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::TERM);
        if tokio::time::timeout(DRAIN_TIME, self.child.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                address = self.instance.address,
                "a module did not drain in time and was killed"
            );
            self.kill().await;
        }
    }

    /// SIGKILL, for a process that no longer answers.
    pub(crate) async fn kill(&mut self) {
        // Without an id it has ended and was waited for.
        if self.child.id().is_some()
            && let Err(error) = self.child.kill().await
        {
            tracing::warn!(%error, address = self.instance.address, "a module could not be killed");
        }
    }

    fn signal(&self, signal: Signal) {
        // The child is not yet waited for, so the id cannot belong to anyone else.
        if let Some(pid) = self
            .child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            && let Err(error) = kill_process(pid, signal)
        {
            tracing::debug!(%error, "a module was already gone");
        }
    }
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(64), _) => "it ended with exit code 64: its settings are wrong".to_owned(),
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => format!("it was ended by signal {signal}"),
        (None, None) => "it ended".to_owned(),
    }
}

async fn copy_lines(output: impl AsyncRead + Unpin, log: Arc<std::sync::Mutex<LogFile>>) {
    let mut lines = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut lines)
            .take(LOG_LINE_BYTES)
            .read_until(b'\n', &mut line)
            .await
        {
            Ok(1..) => {}
            _ => return,
        }
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        let written = log
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .write_all(&line);
        if let Err(error) = written {
            tracing::error!(%error, "a module's log cannot be written");
            return;
        }
    }
}

/// The last lines of an instance's log, for messages.
pub(crate) fn why(log: &Path) -> String {
    super::log_file::last_lines(log, 3)
}
