//! Wakes when any process commits to the file. Who has committed messages rings a bell, a file beside it; and every commit writes to the
//! file's write-ahead log, which says only that one is on its way.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use futures_util::stream::StreamExt;
use inotify::{EventMask, EventStream, Inotify, WatchMask};

/// What happened in the folder.
pub(super) enum Woken {
    /// Some process has committed messages.
    Rung,
    /// Some process writes to the file.
    Written,
    /// Some process let go of its sign: it ended.
    SignGone,
}

pub(super) struct Wake {
    events: EventStream<[u8; 1024]>,
    log: OsString,
    bell: OsString,
    sign: String,
}

/// What a process rings when it has committed messages.
#[derive(Debug)]
pub(super) struct Bell {
    path: PathBuf,
    file: OnceLock<File>,
}

impl Bell {
    pub(super) fn beside(bus: &Path) -> Self {
        Self {
            path: bus.with_file_name(name_beside(bus, "-bell")),
            file: OnceLock::new(),
        }
    }

    /// Without a bell the others wake a little later, by the log.
    pub(super) fn ring(&self) {
        if let Err(error) = self.try_ring() {
            tracing::debug!(%error, path = %self.path.display(), "the bell of the local bus is mute");
        }
    }

    fn try_ring(&self) -> std::io::Result<()> {
        let file = if let Some(file) = self.file.get() {
            file
        } else {
            let opened = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&self.path)?;
            self.file.get_or_init(|| opened)
        };
        file.write_all_at(b"1", 0)
    }
}

fn name_beside(bus: &Path, end: &str) -> OsString {
    let mut name = bus.file_name().unwrap_or_default().to_owned();
    name.push(end);
    name
}

impl Wake {
    /// Watches the folder, because the log comes and goes with its users.
    pub(super) fn on(file: &Path) -> std::io::Result<Self> {
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let inotify = Inotify::init()?;
        inotify.watches().add(
            folder,
            WatchMask::MODIFY | WatchMask::CREATE | WatchMask::CLOSE_WRITE,
        )?;
        let sign = super::sign::prefix(file);
        Ok(Self {
            events: inotify.into_event_stream([0; 1024])?,
            log: name_beside(file, "-wal"),
            bell: name_beside(file, "-bell"),
            sign,
        })
    }

    /// Ends when the bell rang, the log was written or a process ended since the last call.
    pub(super) async fn woken(&mut self) -> std::io::Result<Woken> {
        loop {
            let event = match self.events.next().await {
                Some(event) => event?,
                None => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            };
            let Some(name) = event.name else { continue };
            if event.mask.contains(EventMask::CLOSE_WRITE) {
                if name.to_string_lossy().starts_with(&self.sign) {
                    return Ok(Woken::SignGone);
                }
            } else if name == self.bell {
                return Ok(Woken::Rung);
            } else if name == self.log {
                return Ok(Woken::Written);
            }
        }
    }
}
