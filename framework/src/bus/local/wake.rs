//! Wakes when any process has committed messages that another one may take: it rings a bell, a file beside the bus. The log of the
//! file is not watched: each of its pages would wake everybody.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use futures_util::stream::StreamExt;
use inotify::{EventMask, EventStream, Inotify, WatchMask};

/// What happened beside the file.
pub(super) enum Woken {
    /// Some process has committed messages.
    Rung,
    /// Some process let go of its sign: it ended.
    SignGone,
}

pub(super) struct Wake {
    events: EventStream<[u8; 1024]>,
    sign: String,
}

/// What a process rings when it has committed messages.
#[derive(Debug)]
pub(super) struct Bell {
    path: PathBuf,
    file: File,
}

impl Bell {
    pub(super) fn beside(bus: &Path) -> std::io::Result<Self> {
        let path = bell_of(bus);
        let mut options = File::options();
        let file = options.create(true).truncate(false).write(true);
        Ok(Self {
            file: file.open(&path)?,
            path,
        })
    }

    /// Without a bell the others look a little later, by themselves.
    pub(super) fn ring(&self) {
        if let Err(error) = self.file.write_all_at(b"1", 0) {
            tracing::warn!(%error, path = %self.path.display(), "the bell of the local bus is mute");
        }
    }
}

fn bell_of(bus: &Path) -> PathBuf {
    let mut name = bus.file_name().unwrap_or_default().to_owned();
    name.push(OsString::from("-bell"));
    bus.with_file_name(name)
}

impl Wake {
    /// Watches the bell, and the folder for the signs of processes.
    pub(super) fn on(file: &Path) -> std::io::Result<Self> {
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let inotify = Inotify::init()?;
        let mut watches = inotify.watches();
        watches.add(folder.unwrap_or(Path::new(".")), WatchMask::CLOSE_WRITE)?;
        watches.add(bell_of(file), WatchMask::MODIFY)?;
        Ok(Self {
            events: inotify.into_event_stream([0; 1024])?,
            sign: super::sign::prefix(file),
        })
    }

    /// Ends when the bell rang or a process ended since the last call.
    pub(super) async fn woken(&mut self) -> std::io::Result<Woken> {
        loop {
            let event = match self.events.next().await {
                Some(event) => event?,
                None => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            };
            // What happens to the bell itself comes without a name.
            match event.name {
                None if event.mask.contains(EventMask::MODIFY) => return Ok(Woken::Rung),
                Some(name) if name.to_string_lossy().starts_with(&self.sign) => {
                    return Ok(Woken::SignGone);
                }
                _ => {}
            }
        }
    }
}
