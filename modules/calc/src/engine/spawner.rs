//! Starts worker processes from one thread that lives as long as the engine.
//!
//! The kernel ends a worker when the *thread* that started it ends; threads of the runtime come and go.

use super::settings::Settings;
use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::mpsc;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

type Request = (OwnedFd, oneshot::Sender<io::Result<Child>>);

/// Asks the thread for processes.
#[derive(Debug, Clone)]
pub(crate) struct Spawner {
    requests: mpsc::SyncSender<Request>,
}

impl Spawner {
    /// Starts the thread; it ends with the last clone of this.
    pub(crate) fn start(settings: &Settings) -> io::Result<Self> {
        let (requests, received) = mpsc::sync_channel::<Request>(64);
        let runtime = Handle::current();
        let settings = settings.clone();
        std::thread::Builder::new()
            .name("calc-spawner".into())
            .spawn(move || {
                let _inside = runtime.enter();
                while let Ok((socket, reply)) = received.recv() {
                    // Nobody waits any more: the process ends with the value that is dropped here.
                    if let Err(unwanted) = reply.send(command(&settings, socket).spawn()) {
                        drop(unwanted);
                    }
                }
            })?;
        Ok(Self { requests })
    }

    /// A new process with `socket` as its standard input.
    pub(crate) async fn spawn(&self, socket: OwnedFd) -> io::Result<Child> {
        let (reply, answer) = oneshot::channel();
        self.requests
            .try_send((socket, reply))
            .map_err(io::Error::other)?;
        answer.await.map_err(io::Error::other)?
    }
}

/// The worker sees nothing of the engine's environment, which may name secrets.
fn command(settings: &Settings, socket: OwnedFd) -> Command {
    let mut command = Command::new(&settings.worker);
    command
        .env_clear()
        .envs(settings.r_environment())
        .current_dir(&settings.scratch);
    command
        .stdin(Stdio::from(socket))
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    command
}
