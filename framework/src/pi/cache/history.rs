//! Long histories, part by part: from disk where they are kept, else from the server, which is asked for windows of bounded size.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::block::Block;
use super::folder::{Part, Range};
use super::signs::Signs;
use super::{Kind, PiCache, Texts};
use crate::limits;
use crate::pi::series::Kept;
use crate::pi::time::Micros;
use crate::pi::{PiClient, PiError, Series};

/// The recorded values of one stream in the order of time; what is held at once is one part of them.
#[derive(Debug)]
pub struct History(Lane);

impl History {
    /// The next part; none at the end.
    pub async fn next(&mut self) -> Result<Option<Series>, PiError> {
        let part = self.0.next().await?;
        Ok(part.and_then(|mut series| series.pop()))
    }
}

/// Streams of which the same parts are kept: they are read together.
#[derive(Debug)]
struct Lane {
    client: PiClient,
    kind: Kind,
    tags: Vec<String>,
    keys: Vec<String>,
    parts: VecDeque<Part>,
    /// Longest window that the server is asked for, in microseconds.
    window: Micros,
    /// What ends before this is kept. Fixed when reading begins: the present moves on, and would leave a little to keep each time.
    settled: Micros,
}

impl PiClient {
    /// The recorded values of a tag from `start` to `end`, both included, part by part: for histories that fit into no memory.
    pub async fn history(
        &self,
        tag: &str,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<History, PiError> {
        let asked = Range {
            from: start.as_microsecond(),
            to: end.as_microsecond().saturating_add(1),
        };
        let mut lane = Lane::new(self, Kind::Recorded, &[tag]);
        lane.parts = self
            .parts(&lane.keys, asked)
            .await?
            .pop()
            .unwrap_or_default()
            .into();
        Ok(History(lane))
    }

    /// All of a range at once, in the order asked for; from the cache where it is kept.
    pub(in crate::pi) async fn through_cache(
        &self,
        kind: Kind,
        tags: &[&str],
        asked: Range,
    ) -> Result<Vec<Series>, PiError> {
        let keys: Vec<String> = tags.iter().map(|tag| kind.of(self.source(), tag)).collect();
        let mut open: Vec<(usize, Vec<Part>)> = self
            .parts(&keys, asked)
            .await?
            .into_iter()
            .enumerate()
            .collect();
        let mut all: Vec<Series> = tags.iter().map(|_| Series::default()).collect();
        let mut units_agree = true;
        while let Some((_, parts)) = open.first() {
            let parts = parts.clone();
            let (alike, others): (Vec<_>, Vec<_>) =
                open.into_iter().partition(|(_, other)| *other == parts);
            open = others;
            let places: Vec<usize> = alike.into_iter().map(|(place, _)| place).collect();
            let names: Vec<&str> = places
                .iter()
                .filter_map(|place| tags.get(*place).copied())
                .collect();
            let mut lane = Lane::new(self, kind, &names);
            lane.parts = parts.into();
            while let Some(part) = lane.next().await? {
                for (place, series) in places.iter().zip(part) {
                    if let Some(whole) = all.get_mut(*place) {
                        units_agree &= whole.agrees_in_unit(&series);
                        whole.append(series, 0);
                    }
                }
            }
        }
        if units_agree || self.cache().is_none() || self.reloads() {
            return Ok(all);
        }
        // Somebody gave the tag another unit after a part of this was kept.
        Box::pin(self.clone().reloading().through_cache(kind, tags, asked)).await
    }

    async fn parts(&self, keys: &[String], asked: Range) -> Result<Vec<Vec<Part>>, PiError> {
        match self.cache() {
            Some(cache) if !self.reloads() => cache.parts(keys.to_vec(), asked).await,
            _ => Ok(vec![vec![Part::Gap(asked)]; keys.len()]),
        }
    }
}

impl Lane {
    fn new(client: &PiClient, kind: Kind, tags: &[&str]) -> Self {
        Self {
            client: client.clone(),
            kind,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            keys: tags
                .iter()
                .map(|tag| kind.of(client.source(), tag))
                .collect(),
            parts: VecDeque::new(),
            window: kind.window(),
            settled: kind.settled(client.cache().map_or(Micros::MIN, PiCache::settled)),
        }
    }

    async fn next(&mut self) -> Result<Option<Vec<Series>>, PiError> {
        while let Some(part) = self.parts.pop_front() {
            match part {
                Part::Gap(gap) => return self.read(gap).await.map(Some),
                Part::Kept(block, needed) => match self.kept(block, needed).await? {
                    Some(series) => return Ok(Some(series)),
                    None => self.parts.push_front(Part::Gap(needed)),
                },
            }
        }
        Ok(None)
    }

    /// The needed rows of a block of each stream; none when they have to be read anew.
    async fn kept(&self, range: Range, needed: Range) -> Result<Option<Vec<Series>>, PiError> {
        let Some(cache) = self.client.cache() else {
            return Ok(None);
        };
        let Some(blocks) = cache.load(self.keys.clone(), range).await? else {
            return Ok(None);
        };
        let due = self
            .keys
            .iter()
            .zip(&blocks)
            .any(|(of, block)| cache.is_due(of, block));
        let holds = if due {
            self.still_holds(cache, range, &blocks).await?
        } else {
            Some(true)
        };
        if holds == Some(false) {
            return Ok(None);
        }
        let stale = holds.is_none();
        let series: Vec<Series> = blocks
            .into_iter()
            .map(|block| Series {
                kept: Some(Kept {
                    read_at: block.read_at,
                    stale,
                }),
                ..block.series.within(needed.from, needed.to)
            })
            .collect();
        cache.count(series.iter().map(Series::len).sum(), 0);
        Ok(Some(series))
    }

    /// Whether the server says the same of blocks as when they were read; none when it cannot be asked.
    async fn still_holds(
        &self,
        cache: &PiCache,
        range: Range,
        blocks: &[Block],
    ) -> Result<Option<bool>, PiError> {
        let signs = match self.signs(&cache.inner.texts, range).await {
            Ok(signs) => signs,
            Err(error) if error.is_passing() => {
                tracing::warn!(%error, "kept process data are used without asking if they still hold");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let same = signs
            .iter()
            .zip(blocks)
            .all(|(now, block)| now.as_ref() == Some(&block.signs));
        let holds = same && !blocks.iter().any(|block| cache.is_spent(block));
        if holds {
            cache.check(&self.keys, range);
        } else if !same {
            super::blocks("changed", blocks.len());
        }
        Ok(Some(holds))
    }

    /// Reads the first window of a gap, and keeps it; the rest stays a gap.
    async fn read(&mut self, gap: Range) -> Result<Vec<Series>, PiError> {
        let cache = self.client.cache().cloned();
        let last = self.kind.boundary(gap.from, gap.to.min(self.settled));
        let keeps = last > gap.from;
        let most = Range {
            to: if keeps { last } else { gap.to },
            ..gap
        };
        // What is not kept is as short as the time in which values settle; without a cache it may be anything.
        let (window, signs) = if keeps || cache.is_none() {
            self.window(cache.as_ref(), most).await
        } else {
            (most, Vec::new())
        };
        let read_at = cache.as_ref().map(PiCache::now);
        let series = self.fetch(window).await?;
        if window.to < gap.to {
            self.parts.push_front(Part::Gap(Range {
                from: window.to,
                ..gap
            }));
        }
        if let (Some(cache), Some(read_at)) = (cache, read_at) {
            cache.count(0, series.iter().map(Series::len).sum());
            if keeps {
                self.keep(&cache, window, read_at, signs, &series).await?;
            }
        }
        Ok(series)
    }

    /// The longest window from the beginning of `most` that holds few enough values, and what the server says of it.
    async fn window(
        &mut self,
        cache: Option<&PiCache>,
        most: Range,
    ) -> (Range, Vec<Option<Signs>>) {
        let none = Texts::default();
        let texts = cache.map_or(&none, |cache| &cache.inner.texts);
        loop {
            let end = most.to.min(most.from.saturating_add(self.window));
            let window = Range {
                to: self.kind.boundary(most.from, end),
                ..most
            };
            let signs = match self.signs(texts, window).await {
                Ok(signs) => signs,
                Err(error) => {
                    tracing::debug!(%error, "a server says nothing of a range: it is read and not kept");
                    return (window, Vec::new());
                }
            };
            let counts = signs.iter().flatten().filter_map(Signs::count);
            let fill = counts.fold(0.0, f64::max) / ROWS;
            let length = window.to - window.from;
            if self.kind == Kind::Recorded {
                self.window = fitting(length, fill);
            }
            if fill <= 1.0 || self.window >= length {
                return (window, signs);
            }
        }
    }

    async fn signs(&self, texts: &Texts, range: Range) -> Result<Vec<Option<Signs>>, PiError> {
        let tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        self.client
            .signs(self.kind, &tags, range.from, range.to, texts)
            .await
    }

    async fn fetch(&self, range: Range) -> Result<Vec<Series>, PiError> {
        let tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        let at = |time: Micros| {
            Timestamp::from_microsecond(time).map_err(|error| PiError::Refused {
                status: 400,
                errors: vec![error.to_string()],
            })
        };
        let (from, to) = (at(range.from)?, at(range.to)?);
        match self.kind {
            Kind::Recorded => {
                let read = self.client.recorded_now(&tags, from, to).await?;
                Ok(read
                    .into_iter()
                    .map(|series| series.within(range.from, range.to))
                    .collect())
            }
            Kind::Plot { width } => {
                let columns = (range.to - range.from).saturating_add(width - 1) / width;
                let columns = usize::try_from(columns).unwrap_or(usize::MAX);
                let read = self.client.plot_now(&tags, from, to, columns).await?;
                Ok(read
                    .into_iter()
                    .map(|series| series.within(range.from, range.to))
                    .collect())
            }
            Kind::Grid { interval, .. } => {
                let last = at(range.to - interval)?;
                self.client
                    .interpolated_now(&tags, from, last, interval)
                    .await
            }
        }
    }

    async fn keep(
        &self,
        cache: &PiCache,
        range: Range,
        read_at: Timestamp,
        signs: Vec<Option<Signs>>,
        series: &[Series],
    ) -> Result<(), PiError> {
        let streams = self.keys.iter().zip(signs).zip(series);
        let blocks = streams.filter_map(|((of, signs), series)| {
            let block = Block {
                from: range.from,
                to: range.to,
                read_at,
                signs: signs?,
                series: series.clone(),
            };
            Some((of.clone(), block))
        });
        cache
            .store(range, self.keys.clone(), blocks.collect())
            .await
    }
}

/// [`limits::PI_CACHE_ROWS`] as the server counts.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
const ROWS: f64 = limits::PI_CACHE_ROWS as f64;
/// A window is not made shorter than this, however dense it is.
const SHORTEST: Micros = 1_000_000;

/// The length of the next window when one of this length is full to `fill`.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a length of time, to some digits"
)]
fn fitting(length: Micros, fill: f64) -> Micros {
    // A little less than full, so that an even stream fits at the first attempt.
    let wanted = length as f64 * 0.95 / fill.max(1e-9);
    (wanted as Micros).max(SHORTEST)
}
