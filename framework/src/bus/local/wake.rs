//! Wakes when any process commits to the file: every commit writes to the file's write-ahead log.

use std::ffi::OsString;
use std::path::Path;

use futures_util::stream::StreamExt;
use inotify::{EventMask, EventStream, Inotify, WatchMask};

/// What happened in the folder.
pub(super) enum Woken {
    /// Some process committed.
    Written,
    /// Some process let go of its sign: it ended.
    SignGone,
}

pub(super) struct Wake {
    events: EventStream<[u8; 1024]>,
    log: OsString,
    sign: String,
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
        let mut log = file.file_name().unwrap_or_default().to_owned();
        log.push("-wal");
        let sign = super::sign::prefix(file);
        Ok(Self {
            events: inotify.into_event_stream([0; 1024])?,
            log,
            sign,
        })
    }

    /// Ends when the log was written or a process ended since the last call.
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
            } else if name == self.log {
                return Ok(Woken::Written);
            }
        }
    }
}
