//! Blocks on disk: a folder for each stream and kind of reading, a file for each range of time.
//!
//! Several processes share a folder without a lock: a file appears whole by renaming, is never changed, and may vanish at any time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::block::Block;
use crate::limits;
use crate::pi::time::Micros;

const SUFFIX: &str = ".block";
/// How much of the room stays used when blocks are removed for want of it.
const KEEP_TENTHS: u64 = 9;
/// A use is written down when the last one is longer ago than this.
const USE_NOTED: Duration = Duration::from_mins(1);
/// What a process left behind that died while it wrote.
const ABANDONED: Duration = Duration::from_hours(1);

/// A range of time, `to` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::pi) struct Range {
    pub(in crate::pi) from: Micros,
    pub(in crate::pi) to: Micros,
}

/// A part of what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// It is kept in this block, of which it needs the second range.
    Kept(Range, Range),
    /// It is not kept.
    Gap(Range),
}

/// What came of looking for a block.
#[derive(Debug)]
pub(super) enum Found {
    Block(Box<Block>),
    /// It was there a moment ago.
    Nothing,
    /// Its content was damaged, and it was removed.
    Damaged,
}

#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    most: u64,
    used: AtomicU64,
    written: AtomicU64,
}

impl Folder {
    /// Makes the folder, and adds up what it holds.
    pub(super) fn open(root: &Path, most: u64) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let folder = Self {
            root: root.to_owned(),
            most,
            used: AtomicU64::new(0),
            written: AtomicU64::new(0),
        };
        folder.measure();
        Ok(folder)
    }

    /// Bytes on disk, as far as this process knows.
    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn place(&self, of: &str) -> PathBuf {
        let name = hex::encode(Sha256::digest(of));
        let (first, rest) = name.split_at(2);
        self.root.join(first).join(rest)
    }

    fn file(&self, of: &str, range: Range) -> PathBuf {
        self.place(of)
            .join(format!("{}_{}{SUFFIX}", range.from, range.to))
    }

    /// The ranges that are kept, in order.
    fn ranges(&self, of: &str) -> Vec<Range> {
        let Ok(entries) = fs::read_dir(self.place(of)) else {
            return Vec::new();
        };
        let mut ranges: Vec<Range> = entries
            .filter_map(|entry| range_of(entry.ok()?.file_name().to_str()?))
            .collect();
        ranges.sort_unstable();
        ranges
    }

    /// What is kept of a range and what is not, in order.
    pub(super) fn parts(&self, of: &str, asked: Range) -> Vec<Part> {
        cover(&self.ranges(of), asked)
    }

    /// Reads a block and notes its use at `now`.
    pub(super) fn load(&self, of: &str, range: Range, now: SystemTime) -> Found {
        let path = self.file(of, range);
        let Ok(bytes) = fs::read(&path) else {
            return Found::Nothing;
        };
        let block = Block::decode(&bytes, of)
            .filter(|block| (block.from, block.to) == (range.from, range.to));
        let Some(block) = block else {
            self.remove(of, range);
            return Found::Damaged;
        };
        if let Ok(file) = fs::File::open(&path) {
            let noted = file.metadata().and_then(|about| about.modified());
            let due =
                noted.is_ok_and(|noted| now.duration_since(noted).is_ok_and(|ago| ago > USE_NOTED));
            if due && let Err(error) = file.set_modified(now) {
                tracing::debug!(%error, "the use of kept process data is not noted");
            }
        }
        Found::Block(Box::new(block))
    }

    /// Keeps a block, and removes those that were not used for longest when there is no room; answers how many.
    pub(super) fn store(&self, of: &str, block: &Block) -> io::Result<usize> {
        let range = Range {
            from: block.from,
            to: block.to,
        };
        let path = self.file(of, range);
        let folder = self.place(of);
        fs::create_dir_all(&folder)?;
        let bytes = block.encode(of);
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let begun = folder.join(format!("{}-{number}.begun", std::process::id()));
        let written = fs::write(&begun, &bytes).and_then(|()| fs::rename(&begun, &path));
        if written.is_err() {
            fs::remove_file(&begun).unwrap_or_default();
        }
        written?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.used.fetch_add(size, Ordering::Relaxed);
        // Others write too: what they wrote is looked at now and then.
        if self.used() > self.most
            || number % limits::PI_CACHE_MEASURE == limits::PI_CACHE_MEASURE - 1
        {
            return Ok(self.make_room());
        }
        Ok(0)
    }

    /// Removes a block.
    pub(super) fn remove(&self, of: &str, range: Range) {
        let path = self.file(of, range);
        let size = fs::metadata(&path).map_or(0, |about| about.len());
        if fs::remove_file(&path).is_ok() {
            self.less(size);
        }
    }

    /// Removes all blocks that hold something of a range.
    pub(super) fn forget(&self, of: &str, range: Range) -> usize {
        let overlapping = |kept: &Range| kept.from < range.to && range.from < kept.to;
        let ranges = self.ranges(of);
        let removed = ranges.into_iter().filter(overlapping);
        removed.map(|kept| self.remove(of, kept)).count()
    }

    fn less(&self, size: u64) {
        let less = |used: u64| Some(used.saturating_sub(size));
        // Cannot fail: `less` always answers.
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .unwrap_or_default();
    }

    /// All files with their size and last use.
    fn measure(&self) -> Vec<(SystemTime, u64, PathBuf)> {
        let mut files = Vec::new();
        for path in below(&self.root)
            .iter()
            .flat_map(|folder| below(folder))
            .flat_map(|folder| below(&folder))
        {
            let Ok(about) = fs::metadata(&path) else {
                continue;
            };
            let used = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push((used, about.len(), path));
        }
        let sum = files.iter().map(|(_, size, _)| size).sum();
        self.used.store(sum, Ordering::Relaxed);
        files
    }

    fn make_room(&self) -> usize {
        let mut files = self.measure();
        files.sort_unstable();
        let newest = files.last().map(|(used, ..)| *used);
        let wanted = if self.used() > self.most {
            self.most / 10 * KEEP_TENTHS
        } else {
            self.most
        };
        let mut removed = 0;
        for (used, size, path) in files {
            let is_block = path.to_str().is_some_and(|name| name.ends_with(SUFFIX));
            let old = newest
                .is_some_and(|newest| newest.duration_since(used).is_ok_and(|ago| ago > ABANDONED));
            let goes = if is_block { self.used() > wanted } else { old };
            if goes && fs::remove_file(&path).is_ok() {
                self.less(size);
                removed += usize::from(is_block);
            }
        }
        removed
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect()
}

fn range_of(name: &str) -> Option<Range> {
    let (from, to) = name.strip_suffix(SUFFIX)?.split_once('_')?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (from < to).then_some(Range { from, to })
}

/// The fewest of `kept`, which are in order, that hold as much of `asked` as they can.
fn cover(kept: &[Range], asked: Range) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = asked.from;
    while at < asked.to {
        let here = kept
            .iter()
            .take_while(|range| range.from <= at)
            .max_by_key(|range| range.to)
            .filter(|range| range.to > at);
        let next = kept.iter().map(|range| range.from).find(|from| *from > at);
        let to = here
            .map(|range| range.to)
            .or(next)
            .unwrap_or(asked.to)
            .min(asked.to);
        let part = Range { from: at, to };
        parts.push(here.map_or(Part::Gap(part), |block| Part::Kept(*block, part)));
        at = to;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::block::tests::block;
    use super::*;
    use proptest::prelude::*;

    fn range(from: Micros, to: Micros) -> Range {
        Range { from, to }
    }

    #[test]
    fn a_block_is_found_until_it_is_damaged_and_never_half() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), 1 << 20).unwrap();
        let kept = block(&[10, 20, 29]);
        folder.store("of", &kept).unwrap();
        assert_eq!(
            folder.parts("of", range(0, 40)),
            [
                Part::Gap(range(0, 10)),
                Part::Kept(range(10, 30), range(10, 30)),
                Part::Gap(range(30, 40))
            ]
        );
        assert_eq!(
            folder.parts("other", range(0, 40)),
            [Part::Gap(range(0, 40))]
        );
        let now = SystemTime::UNIX_EPOCH;
        assert!(
            matches!(folder.load("of", range(10, 30), now), Found::Block(found) if *found == kept)
        );
        let path = folder.file("of", range(10, 30));
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(matches!(
            folder.load("of", range(10, 30), now),
            Found::Damaged
        ));
        assert!(matches!(
            folder.load("of", range(10, 30), now),
            Found::Nothing
        ));
        assert_eq!(folder.used(), 0);
    }

    #[test]
    fn room_is_made_by_removing_what_was_not_used_for_longest() {
        let place = tempfile::tempdir().unwrap();
        let size = {
            let folder = Folder::open(place.path(), u64::MAX).unwrap();
            folder.store("of", &block(&[0, 1])).unwrap();
            folder.used()
        };
        let folder = Folder::open(place.path(), size * 11).unwrap();
        assert_eq!(folder.used(), size);
        let mut day = SystemTime::UNIX_EPOCH;
        for number in 0..10 {
            let from = number * 100;
            folder.store("of", &block(&[from, from + 1])).unwrap();
            day += Duration::from_hours(24);
            let path = folder.file("of", range(from, from + 2));
            fs::File::open(path).unwrap().set_modified(day).unwrap();
        }
        day += Duration::from_hours(24);
        assert!(matches!(
            folder.load("of", range(0, 2), day),
            Found::Block(_)
        ));
        let removed = folder.store("of", &block(&[5_000, 5_001])).unwrap();
        assert!(removed >= 1 && folder.used() <= size * 11);
        assert!(
            matches!(folder.load("of", range(0, 2), day), Found::Block(_)),
            "it was used a moment ago"
        );
        assert!(matches!(
            folder.load("of", range(100, 102), day),
            Found::Nothing
        ));
        assert!(matches!(
            folder.load("of", range(5_000, 5_002), day),
            Found::Block(_)
        ));
    }

    #[test]
    fn what_overlaps_a_range_is_forgotten() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), 1 << 20).unwrap();
        for from in [0, 10, 20] {
            folder.store("of", &block(&[from, from + 9])).unwrap();
        }
        assert_eq!(folder.forget("of", range(12, 20)), 1);
        assert_eq!(folder.ranges("of"), [range(0, 10), range(20, 30)]);
    }

    proptest! {
        #[test]
        fn parts_follow_each_other_and_are_kept_where_a_block_is(
            blocks in prop::collection::vec((0_i64..60, 1_i64..20), 0..8), from in 0_i64..60, length in 1_i64..40,
        ) {
            let mut kept: Vec<Range> = blocks.into_iter().map(|(from, length)| range(from, from + length)).collect();
            kept.sort_unstable();
            let parts = cover(&kept, range(from, from + length));
            let mut at = from;
            for part in parts {
                let (block, needed) = match part {
                    Part::Kept(block, needed) => (Some(block), needed),
                    Part::Gap(needed) => (None, needed),
                };
                prop_assert_eq!(needed.from, at);
                at = needed.to;
                for instant in needed.from..needed.to {
                    let known = kept.iter().any(|one| one.from <= instant && instant < one.to);
                    prop_assert_eq!(known, block.is_some_and(|one| one.from <= instant && instant < one.to));
                }
            }
            prop_assert_eq!(at, from + length);
        }
    }
}
