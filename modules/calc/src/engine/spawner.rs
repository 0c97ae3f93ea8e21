//! Starts worker processes from one thread that lives as long as the engine.
//!
//! The kernel ends a worker when the *thread* that started it ends; threads of the runtime come and go. Each worker has a
//! folder of its own, the only one in which its R may write; it goes with the worker.

use super::settings::Settings;
use std::fs::DirBuilder;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, mpsc};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

type Spawned = io::Result<(Child, Folder)>;
type Request = (Ends, oneshot::Sender<Spawned>);

/// The worker's ends of what it has with the engine.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) socket: OwnedFd,
    pub(crate) memory: OwnedFd,
}

/// The folder of one worker, or of the data of all, removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    fn make(scratch: &Path, number: u64) -> io::Result<Self> {
        let folder = scratch.join(format!("worker-{}-{number}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    fn of_data(folder: PathBuf) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

/// Removes what engines left behind that were killed: folders of workers, data.
fn remove_left_behind(scratch: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(scratch)? {
        let entry = entry?;
        let name = entry.file_name();
        let process = name
            .to_str()
            .and_then(|name| name.strip_prefix("worker-").or(name.strip_prefix("data-")))
            .and_then(|rest| rest.split('-').next());
        if process.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            remove(&entry.path());
        }
    }
    Ok(())
}

fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, folder = %folder.display(), "the folder of a worker could not be removed");
    }
}

/// Asks the thread for processes.
#[derive(Debug, Clone)]
pub(crate) struct Spawner {
    requests: mpsc::SyncSender<Request>,
    /// What workers read; it goes with the engine.
    _data: Arc<Folder>,
}

impl Spawner {
    /// Starts the thread; it ends with the last clone of this.
    pub(crate) fn start(settings: &Settings) -> io::Result<Self> {
        remove_left_behind(&settings.scratch)?;
        let data = Folder::of_data(settings.data_folder())?;
        let (requests, received) = mpsc::sync_channel::<Request>(64);
        let runtime = Handle::current();
        let settings = settings.clone();
        std::thread::Builder::new()
            .name("calc-spawner".into())
            .spawn(move || {
                let _inside = runtime.enter();
                let mut numbers = 0..;
                while let (Ok((ends, reply)), Some(number)) = (received.recv(), numbers.next()) {
                    // Nobody waits any more: the process ends with the value that is dropped here.
                    if let Err(unwanted) = reply.send(spawn(&settings, ends, number)) {
                        drop(unwanted);
                    }
                }
            })?;
        Ok(Self {
            requests,
            _data: Arc::new(data),
        })
    }

    /// A new process with the socket as its standard input and the shared memory as its standard output.
    pub(crate) async fn spawn(&self, ends: Ends) -> Spawned {
        let (reply, answer) = oneshot::channel();
        self.requests
            .try_send((ends, reply))
            .map_err(io::Error::other)?;
        answer.await.map_err(io::Error::other)?
    }
}

/// The worker sees nothing of the engine's environment, which may name secrets.
fn spawn(settings: &Settings, ends: Ends, number: u64) -> Spawned {
    let folder = Folder::make(&settings.scratch, number)?;
    let mut command = Command::new(&settings.worker);
    command
        .env_clear()
        .envs(settings.r_environment(&folder.0))
        .current_dir(&folder.0);
    command
        .stdin(Stdio::from(ends.socket))
        .stdout(Stdio::from(ends.memory))
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    Ok((command.spawn()?, folder))
}
