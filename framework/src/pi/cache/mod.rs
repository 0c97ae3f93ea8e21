//! History that was read, kept on disk: what is old enough does not change any more, and what changes nevertheless is noticed.
//!
//! Kept are whole answers of the server as columns, for ranges of time that ended longer ago than [`CacheSettings::settled`]; nothing
//! is calculated from them, so that every rule of interpolation stays the server's. A block is used without a question for
//! [`limits::PI_CACHE_TRUSTED`]; after that the server is asked for summaries of its range (count, share of good values, mean, extremes,
//! spread), and the block goes when one of them is another than when it was read: values came late, went, or were replaced.
//! A block with annotated or substituted values is somebody's work and is read anew instead, as is every block after
//! [`limits::PI_CACHE_REREAD`]: an annotation alone changes no summary. Of what the server says nothing, nothing is kept.

mod block;
mod folder;
mod history;
mod kind;
mod signs;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::Serialize;

pub use self::history::History;

use self::block::Block;
pub(super) use self::folder::Range;
use self::folder::{Folder, Found, Part};
pub(super) use self::kind::Kind;
use super::time::Micros;
use super::{PiClient, PiError};
use crate::clock::Clock;
use crate::limits;

/// Where history is kept, and how much.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// The folder; several processes may share it.
    pub folder: PathBuf,
    /// Bytes it may take.
    pub bytes: u64,
    /// Younger values are never kept.
    pub settled: Duration,
}

/// History on disk; cheap to clone.
#[derive(Clone)]
pub struct PiCache {
    inner: Arc<Inner>,
}

struct Inner {
    folder: Folder,
    settled: Duration,
    clock: Arc<dyn Clock>,
    /// When the server last said that a block still holds.
    checked: Mutex<HashMap<(String, Range), Timestamp>>,
    texts: Texts,
    kept: AtomicU64,
    read: AtomicU64,
}

/// What became of the questions of this process, and what is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CacheNumbers {
    /// Values that came from disk.
    pub kept: u64,
    /// Values that came from a server.
    pub read: u64,
    /// Bytes on disk.
    pub bytes: u64,
}

impl CacheNumbers {
    /// The share of values that came from disk.
    pub fn hit_rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let share = self.kept as f64 / (self.kept + self.read).max(1) as f64;
        share
    }
}

/// Streams that hold no numbers, as far as is known.
#[derive(Debug, Default)]
pub(super) struct Texts(Mutex<HashSet<String>>);

impl Texts {
    pub(super) fn contains(&self, tag: Option<&&str>) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tag.is_some_and(|tag| known.contains(*tag))
    }

    pub(super) fn add(&self, tags: &[&str]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > limits::PI_CACHE_REMEMBERED {
            known.clear();
        }
        known.extend(tags.iter().map(|tag| (*tag).to_owned()));
    }
}

/// How a reader uses what is kept.
#[derive(Debug, Clone)]
pub(super) struct Keeping {
    cache: PiCache,
    reloads: bool,
}

impl PiClient {
    /// The same reader with a cache, if there is one.
    #[must_use]
    pub fn with_cache(mut self, cache: Option<&PiCache>) -> Self {
        self.keeping = cache.cloned().map(|cache| Keeping {
            cache,
            reloads: false,
        });
        self
    }

    /// The same reader, which reads anew what is kept, and keeps that instead.
    #[must_use]
    pub fn reloading(mut self) -> Self {
        if let Some(keeping) = &mut self.keeping {
            keeping.reloads = true;
        }
        self
    }

    pub(super) fn cache(&self) -> Option<&PiCache> {
        self.keeping.as_ref().map(|keeping| &keeping.cache)
    }

    fn reloads(&self) -> bool {
        self.keeping.as_ref().is_some_and(|keeping| keeping.reloads)
    }
}

impl std::fmt::Debug for PiCache {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PiCache")
            .field("numbers", &self.numbers())
            .finish_non_exhaustive()
    }
}

impl PiCache {
    /// Opens or makes the folder.
    pub fn open(settings: &CacheSettings, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let inner = Inner {
            folder: Folder::open(&settings.folder, settings.bytes)?,
            settled: settings.settled,
            clock,
            checked: Mutex::default(),
            texts: Texts::default(),
            kept: AtomicU64::new(0),
            read: AtomicU64::new(0),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// What became of the questions so far.
    pub fn numbers(&self) -> CacheNumbers {
        CacheNumbers {
            kept: self.inner.kept.load(Ordering::Relaxed),
            read: self.inner.read.load(Ordering::Relaxed),
            bytes: self.inner.folder.used(),
        }
    }

    /// Values that end before this are kept.
    pub(super) fn settled(&self) -> Micros {
        let now = self.inner.clock.now();
        let settled = now
            .checked_sub(self.inner.settled)
            .unwrap_or(Timestamp::MIN);
        settled.as_microsecond()
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// The parts of a range, by stream.
    async fn parts(&self, keys: Vec<String>, asked: Range) -> Result<Vec<Vec<Part>>, PiError> {
        self.beside(move |inner| {
            let parts = keys.iter().map(|of| inner.folder.parts(of, asked));
            parts.collect()
        })
        .await
    }

    /// A block of each stream; none when one of them is gone or damaged.
    async fn load(&self, keys: Vec<String>, range: Range) -> Result<Option<Vec<Block>>, PiError> {
        let now = self.now();
        self.beside(move |inner| {
            let used = SystemTime::UNIX_EPOCH
                + Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH)).unwrap_or_default();
            let found = keys
                .iter()
                .map(|of| match inner.folder.load(of, range, used) {
                    Found::Block(block) => Some(*block),
                    Found::Nothing => None,
                    Found::Damaged => {
                        tracing::warn!("kept process data were damaged and are read anew");
                        blocks("damaged", 1);
                        None
                    }
                });
            found.collect()
        })
        .await
    }

    /// Keeps blocks in place of all that is kept of a range of streams; that it cannot be done costs nothing but the next reading.
    async fn store(
        &self,
        range: Range,
        keys: Vec<String>,
        of_blocks: Vec<(String, Block)>,
    ) -> Result<(), PiError> {
        let checked_at = self.now();
        self.beside(move |inner| {
            let replaced = keys.iter().map(|of| inner.folder.forget(of, range)).sum();
            blocks("replaced", replaced);
            for (of, block) in of_blocks {
                match inner.folder.store(&of, &block) {
                    Ok(removed) => {
                        blocks("stored", 1);
                        blocks("removed", removed);
                        inner.check(of, range, checked_at);
                    }
                    Err(error) => tracing::warn!(%error, "process data cannot be kept"),
                }
            }
        })
        .await
    }

    /// Whether the server has to be asked before a block is used.
    fn is_due(&self, of: &str, block: &Block) -> bool {
        let checked = self
            .inner
            .checked
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let range = Range {
            from: block.from,
            to: block.to,
        };
        let last = checked.get(&(of.to_owned(), range)).copied();
        let last = last.unwrap_or(block.read_at).max(block.read_at);
        older(self.now(), last, limits::PI_CACHE_TRUSTED)
    }

    /// Whether a block has to be read anew whatever its summaries say.
    fn is_spent(&self, block: &Block) -> bool {
        block.series.edited || older(self.now(), block.read_at, limits::PI_CACHE_REREAD)
    }

    fn check(&self, keys: &[String], range: Range) {
        for of in keys {
            self.inner.check(of.clone(), range, self.now());
        }
    }

    /// Counts where values came from.
    fn count(&self, kept: usize, read: usize) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.inner.kept.fetch_add(number(kept), Ordering::Relaxed);
        self.inner.read.fetch_add(number(read), Ordering::Relaxed);
        metrics::counter!("dcp_pi_values_total", "from" => "cache").increment(number(kept));
        metrics::counter!("dcp_pi_values_total", "from" => "server").increment(number(read));
        let numbers = self.numbers();
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("dcp_pi_cache_bytes").set(numbers.bytes as f64);
        metrics::gauge!("dcp_pi_cache_hit_rate").set(numbers.hit_rate());
    }

    /// Works with the disk beside the async threads.
    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> T + Send + 'static,
    ) -> Result<T, PiError> {
        let inner = self.inner.clone();
        let done = tokio::task::spawn_blocking(move || work(&inner));
        done.await
            .map_err(|error| PiError::Interrupted(error.to_string()))
    }
}

impl Inner {
    fn check(&self, of: String, range: Range, at: Timestamp) {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.len() > limits::PI_CACHE_REMEMBERED {
            checked.clear();
        }
        checked.insert((of, range), at);
    }
}

fn older(now: Timestamp, than: Timestamp, age: Duration) -> bool {
    Duration::try_from(now.duration_since(than)).is_ok_and(|since| since > age)
}

fn blocks(outcome: &'static str, count: usize) {
    if count > 0 {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        metrics::counter!("dcp_pi_cache_blocks_total", "outcome" => outcome).increment(count);
    }
}
