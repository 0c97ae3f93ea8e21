//! Memory that an engine shares with one of its workers: long arguments go through it, which a socket would take in many small pieces.

use bytes::Bytes;
use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes of arguments from which on they go through it.
pub(crate) const LONG: usize = 512 << 10;

/// The engine's end of it.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<File>);

impl Shared {
    /// Empty memory, and the worker's end of it.
    pub(crate) fn make() -> io::Result<(Self, OwnedFd)> {
        let memory = File::from(memfd_create("calc-arguments", MemfdFlags::CLOEXEC)?);
        let theirs = memory.try_clone()?.into();
        Ok((Self(Arc::new(memory)), theirs))
    }

    /// Writes texts one after the other. The worker wipes them once it has read them, before R runs; their room stays for the next ones.
    pub(crate) async fn put(&self, texts: Vec<Bytes>) -> io::Result<()> {
        let memory = self.0.clone();
        let written = tokio::task::spawn_blocking(move || {
            let mut at = 0;
            for text in texts {
                memory.write_all_at(&text, at)?;
                at += text.len() as u64;
            }
            Ok(())
        });
        written.await.map_err(io::Error::other)?
    }

    /// Gives the room back that nobody uses.
    pub(crate) fn give_back(&self) {
        if let Err(error) = self.0.set_len(0) {
            tracing::warn!(%error, "memory that an idle R worker shares could not be given back");
        }
    }
}
