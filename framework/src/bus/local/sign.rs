//! Signs of life: a locked file per process beside the bus. The kernel lets go of the lock when the process dies.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// The sign of this process.
#[derive(Debug)]
pub(super) struct Sign {
    folder: PathBuf,
    prefix: String,
    path: PathBuf,
    _locked: File,
}

/// The sign of a process that is gone, held so that nobody else inherits.
pub(super) struct Dead {
    pub(super) owner: String,
    path: PathBuf,
    _locked: File,
}

/// How the names of the signs beside `bus` begin.
pub(super) fn prefix(bus: &Path) -> String {
    format!(
        "{}-owner-",
        bus.file_name().unwrap_or_default().to_string_lossy()
    )
}

impl Sign {
    pub(super) fn put_up(bus: &Path, owner: &str) -> std::io::Result<Self> {
        let folder = bus
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
            .to_owned();
        let prefix = prefix(bus);
        // Locked before it gets its name: under its name nobody ever sees it unlocked while the process lives.
        let unnamed = folder.join(format!("new-{prefix}{owner}"));
        let path = folder.join(format!("{prefix}{owner}"));
        let file = File::create(&unnamed)?;
        file.lock()?;
        std::fs::rename(&unnamed, &path)?;
        Ok(Self {
            folder,
            prefix,
            path,
            _locked: file,
        })
    }

    /// The processes whose sign is there and whose life is not.
    pub(super) fn dead(&self) -> Vec<Dead> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let signs = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| *path != self.path);
        signs.filter_map(|path| self.probe(path)).collect()
    }

    fn probe(&self, path: PathBuf) -> Option<Dead> {
        let owner = path
            .file_name()?
            .to_str()?
            .strip_prefix(&self.prefix)?
            .to_owned();
        // Opened for reading: closing it wakes nobody.
        let file = File::open(&path).ok()?;
        match file.try_lock() {
            Ok(()) => Some(Dead {
                owner,
                path,
                _locked: file,
            }),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
        }
    }

    pub(super) fn take_down(&self) {
        remove(&self.path);
    }
}

impl Dead {
    pub(super) fn remove(self) {
        remove(&self.path);
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::debug!(%error, path = %path.display(), "a sign of life was gone already");
    }
}
