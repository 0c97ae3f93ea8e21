//! Kept history against a server whose history changes: what comes from disk is what the server would answer.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "tests against a server of their own"
)]

mod server;
mod steps;
mod unit;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dcp::clock::{Clock, ManualClock};
use dcp::pi::{CacheSettings, PiCache, PiClient, PiCredentials, PiError, PiSource, Series, Status};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tempfile::TempDir;

use crate::server::{Held, Shared, serve};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
/// Longer than a block is trusted without a question.
const LATER: Duration = Duration::from_mins(11);

/// Something that happens to a stream at the server.
type Change<'c> = &'c dyn Fn(&mut Vec<Held>);

struct Stage {
    plant: Shared,
    clock: ManualClock,
    folder: TempDir,
    url: String,
    serving: tokio::task::JoinHandle<()>,
    client: PiClient,
    cache: PiCache,
    /// The first value.
    first: i64,
}

impl Stage {
    /// A day of values, one a minute, of streams A and B, up to now.
    async fn new() -> Self {
        let clock = ManualClock::at("2026-02-01T00:00:00Z".parse().unwrap());
        let plant = Shared::default();
        let first = clock.now().as_microsecond() - 24 * 60 * MINUTE;
        for row in 0..=24 * 60 {
            let mut plant = plant.lock().unwrap();
            plant.add("A", first + row * MINUTE, row as f64 / 7.0);
            plant.add("B", first + row * MINUTE, row as f64 * 3.0);
        }
        let (url, serving) = serve(&plant).await;
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path(), &clock, 1 << 30);
        let client = connect(&url).with_cache(Some(&cache));
        Self {
            plant,
            clock,
            folder,
            url,
            serving,
            client,
            cache,
            first,
        }
    }

    fn at(&self, minutes: i64) -> Timestamp {
        Timestamp::from_microsecond(self.first + minutes * MINUTE).unwrap()
    }

    /// Minutes `from` to `to` of stream A.
    async fn read(&self, from: i64, to: i64) -> Series {
        let (start, end) = (self.at(from), self.at(to));
        self.client
            .recorded(&["A"], start, end)
            .await
            .unwrap()
            .remove(0)
    }

    /// The same without a cache.
    async fn direct(&self, from: i64, to: i64) -> Series {
        let client = connect(&self.url);
        let read = client.recorded(&["A"], self.at(from), self.at(to)).await;
        read.unwrap().remove(0)
    }

    async fn agrees(&self, from: i64, to: i64) -> Series {
        let (read, direct) = (self.read(from, to).await, self.direct(from, to).await);
        assert_same(&read, &direct);
        read
    }

    fn readings(&self) -> usize {
        self.plant.lock().unwrap().readings()
    }

    /// How often values were asked for meanwhile.
    async fn readings_of<T>(&self, work: impl Future<Output = T>) -> (usize, T) {
        let before = self.readings();
        let done = work.await;
        (self.readings() - before, done)
    }
}

fn open(folder: &Path, clock: &ManualClock, bytes: u64) -> PiCache {
    let settings = CacheSettings {
        folder: folder.to_owned(),
        bytes,
        settled: Duration::from_hours(1),
    };
    PiCache::open(&settings, Arc::new(clock.clone())).unwrap()
}

fn connect(url: &str) -> PiClient {
    let source = PiSource {
        id: "plant".to_owned(),
        url: url.to_owned(),
        asset_server: String::new(),
        database: String::new(),
        data_server: String::new(),
        credentials: None,
        ca_file: None,
    };
    PiClient::connect(&source, &PiCredentials::Anonymous).unwrap()
}

fn assert_same(read: &Series, direct: &Series) {
    let bits = |series: &Series| {
        series
            .values
            .iter()
            .map(|one| one.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(read.times, direct.times);
    assert_eq!(bits(read), bits(direct));
    assert_eq!(read.status, direct.status);
    assert_eq!(
        (&read.name, &read.units, &read.texts, &read.states),
        (&direct.name, &direct.units, &direct.texts, &direct.states)
    );
}

#[tokio::test]
async fn settled_history_is_read_once_and_comes_back_bit_for_bit() {
    let stage = Stage::new().await;
    let fresh = stage.agrees(0, 600).await;
    assert_eq!((fresh.len(), fresh.kept), (601, None));
    let (readings, kept) = stage.readings_of(stage.read(0, 600)).await;
    assert_eq!(readings, 0);
    assert_same(&kept, &fresh);
    let kept = kept.kept.unwrap();
    assert_eq!((kept.read_at, kept.stale), (stage.clock.now(), false));
    // A part of it, and more than it: only what is missing is asked for.
    assert_eq!(stage.readings_of(stage.read(100, 200)).await.0, 0);
    assert_eq!(stage.agrees(100, 200).await.len(), 101);
    assert_eq!(stage.readings_of(stage.read(500, 700)).await.0, 1);
    assert_eq!(stage.readings_of(stage.read(0, 700)).await.0, 0);
    stage.agrees(0, 700).await;
    let numbers = stage.cache.numbers();
    assert!(numbers.hit_rate() > 0.5 && numbers.bytes > 0, "{numbers:?}");
}

#[tokio::test]
async fn what_is_young_is_never_kept() {
    let stage = Stage::new().await;
    stage.agrees(1_300, 1_440).await;
    stage
        .plant
        .lock()
        .unwrap()
        .add("A", stage.first + 1_400 * MINUTE + 1, 99.0);
    let (readings, series) = stage.readings_of(stage.read(1_300, 1_440)).await;
    assert_eq!((readings, series.len()), (1, 142));
    stage.agrees(1_300, 1_440).await;
}

#[tokio::test]
async fn late_replaced_and_removed_values_are_noticed() {
    let stage = Stage::new().await;
    stage.agrees(0, 600).await;
    let changes: [Change<'_>; 4] = [
        &|held| {
            let mut late = held[50].clone();
            late.time += 1;
            held.insert(51, late);
        },
        &|held| {
            held[70].value = json!(1e6);
            held[70].substituted = true;
        },
        &|held| drop(held.remove(90)),
        &|held| held[110].value = json!({ "Name": "Bad Input", "Value": 255, "IsSystem": true }),
    ];
    for change in changes {
        stage.clock.advance(LATER);
        stage.agrees(0, 600).await;
        change(stage.plant.lock().unwrap().streams.get_mut("A").unwrap());
        stage.clock.advance(LATER);
        let (readings, _) = stage.readings_of(stage.read(0, 600)).await;
        assert_eq!(readings, 1, "the change is noticed");
        stage.agrees(0, 600).await;
    }
    assert!(
        stage
            .read(0, 600)
            .await
            .status
            .contains(&Status::State(255))
    );
}

#[tokio::test]
async fn what_holds_costs_a_question_and_no_values() {
    let stage = Stage::new().await;
    stage.agrees(0, 600).await;
    stage.clock.advance(LATER);
    let asked = |stage: &Stage| stage.plant.lock().unwrap().asked.len();
    let before = asked(&stage);
    let (readings, series) = stage.readings_of(stage.read(0, 600)).await;
    assert_eq!((readings, asked(&stage) - before), (0, 1));
    assert!(series.kept.is_some_and(|kept| !kept.stale));
    stage.read(0, 600).await;
    assert_eq!(asked(&stage) - before, 1, "the answer is remembered");
}

#[tokio::test]
async fn edited_values_are_read_anew_although_no_summary_changes() {
    let stage = Stage::new().await;
    let edit = |row: usize| {
        stage.plant.lock().unwrap().streams.get_mut("A").unwrap()[row].annotated = true;
    };
    edit(10);
    assert!(stage.agrees(0, 100).await.edited);
    stage.clock.advance(LATER);
    assert_eq!(stage.readings_of(stage.read(0, 100)).await.0, 1);
    // An annotation alone shows in no summary: it is found when the block is old.
    assert!(!stage.agrees(200, 300).await.edited);
    edit(250);
    stage.clock.advance(LATER);
    assert!(!stage.read(200, 300).await.edited);
    stage.clock.advance(Duration::from_hours(24 * 7));
    assert!(stage.read(200, 300).await.edited);
}

#[tokio::test]
async fn a_reload_reads_anew_and_is_kept() {
    let stage = Stage::new().await;
    stage.agrees(0, 100).await;
    stage.plant.lock().unwrap().streams.get_mut("A").unwrap()[50].value = json!(-1.0);
    assert!((stage.read(0, 100).await.values[50] + 1.0).abs() > 1.0);
    let reloading = stage.client.clone().reloading();
    let read = reloading.recorded(&["A"], stage.at(20), stage.at(80)).await;
    assert_same(&read.unwrap()[0], &stage.direct(20, 80).await);
    stage.agrees(0, 100).await;
    assert_eq!(stage.readings_of(stage.read(20, 80)).await.0, 0);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[tokio::test]
async fn a_damaged_file_is_read_anew() {
    let stage = Stage::new().await;
    stage.agrees(0, 600).await;
    let kept = files(stage.folder.path());
    assert_eq!(kept.len(), 1);
    let mut bytes = std::fs::read(&kept[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(&kept[0], bytes).unwrap();
    let (readings, series) = stage.readings_of(stage.read(0, 600)).await;
    assert_eq!((readings, series.kept), (1, None));
    assert_eq!(
        stage.readings_of(stage.agrees(0, 600)).await.0,
        1,
        "only the comparison reads"
    );
}

#[tokio::test]
async fn while_the_server_is_away_what_is_kept_is_shown_as_stale_and_nothing_else() {
    let stage = Stage::new().await;
    stage.agrees(0, 600).await;
    let read_at = stage.clock.now();
    stage.serving.abort();
    assert!(
        !stage.read(0, 600).await.kept.unwrap().stale,
        "a moment ago it held"
    );
    stage.clock.advance(LATER);
    let kept = stage.read(0, 600).await.kept.unwrap();
    assert_eq!((kept.read_at, kept.stale), (read_at, true));
    let beyond = stage
        .client
        .recorded(&["A"], stage.at(500), stage.at(700))
        .await;
    assert!(
        matches!(beyond, Err(PiError::Down(_) | PiError::Resting(_))),
        "{beyond:?}"
    );
}

#[tokio::test]
async fn who_may_no_longer_read_gets_nothing_that_is_kept() {
    let stage = Stage::new().await;
    stage.agrees(0, 600).await;
    stage.plant.lock().unwrap().fails = Some(403);
    stage.clock.advance(LATER);
    let read = stage
        .client
        .recorded(&["A"], stage.at(0), stage.at(600))
        .await;
    assert!(matches!(read, Err(PiError::NoPermission(_))), "{read:?}");
}

#[tokio::test]
async fn texts_are_kept_too_and_do_not_keep_numbers_from_being_checked() {
    let stage = Stage::new().await;
    for row in 0..100 {
        stage
            .plant
            .lock()
            .unwrap()
            .add("T", stage.first + row * MINUTE, format!("phase {row}"));
    }
    let read = async || {
        let (start, end) = (stage.at(0), stage.at(60));
        stage
            .client
            .recorded(&["A", "T"], start, end)
            .await
            .unwrap()
    };
    let first = read().await;
    assert_eq!(
        (first[0].len(), first[1].texts[&60].as_str()),
        (61, "phase 60")
    );
    let (readings, second) = stage.readings_of(read()).await;
    assert_eq!(readings, 0);
    second
        .iter()
        .zip(&first)
        .for_each(|(kept, fresh)| assert_same(kept, fresh));
    stage.plant.lock().unwrap().streams.get_mut("A").unwrap()[5].value = json!(4e4);
    stage.clock.advance(LATER);
    assert!(read().await[0].values[5] > 3e4);
}

#[tokio::test]
async fn streams_of_which_different_parts_are_kept_come_in_the_order_asked_for() {
    let stage = Stage::new().await;
    stage.agrees(100, 200).await;
    let (start, end) = (stage.at(0), stage.at(300));
    let read = stage
        .client
        .recorded(&["B", "A"], start, end)
        .await
        .unwrap();
    let direct = connect(&stage.url)
        .recorded(&["B", "A"], start, end)
        .await
        .unwrap();
    for (read, direct) in read.iter().zip(&direct) {
        assert_same(read, direct);
    }
    assert_eq!((read[0].name.as_str(), read[0].kept), ("B", None));
    assert!(read[1].kept.is_some());
}

#[tokio::test]
async fn grids_are_kept_by_interval_and_place() {
    let stage = Stage::new().await;
    let grid = async |client: &PiClient, from: Timestamp, to: Timestamp| {
        client
            .interpolated(&["A"], from, to, 7 * SECOND)
            .await
            .unwrap()
            .remove(0)
    };
    let (direct, start) = (connect(&stage.url), stage.at(0));
    let fresh = grid(&stage.client, start, stage.at(60)).await;
    assert_same(&fresh, &grid(&direct, start, stage.at(60)).await);
    assert_eq!(fresh.len(), 3600 / 7 + 1);
    let (readings, kept) = stage
        .readings_of(grid(&stage.client, start, stage.at(60)))
        .await;
    assert_eq!(readings, 0);
    assert_same(&kept, &fresh);
    let longer = stage
        .readings_of(grid(&stage.client, start, stage.at(90)))
        .await;
    assert_eq!(longer.0, 1);
    assert_same(&longer.1, &grid(&direct, start, stage.at(90)).await);
    // Another place on the axis of time is another grid; one that is the same is the same.
    let beside = start + SignedDuration::from_secs(1);
    assert_eq!(
        stage
            .readings_of(grid(&stage.client, beside, stage.at(60)))
            .await
            .0,
        1
    );
    let on_it = start + SignedDuration::from_secs(70);
    let (readings, part) = stage
        .readings_of(grid(&stage.client, on_it, stage.at(50)))
        .await;
    assert_eq!(readings, 0);
    assert_same(&part, &grid(&direct, on_it, stage.at(50)).await);
}

#[tokio::test]
async fn a_picture_is_kept_and_serves_another_one_of_about_the_same_range() {
    let stage = Stage::new().await;
    let plot = async |client: &PiClient, from: i64, to: i64| {
        let read = client.plot(&["A"], stage.at(from), stage.at(to), 40).await;
        read.unwrap().remove(0)
    };
    let direct = connect(&stage.url);
    let fresh = plot(&stage.client, 7, 1200).await;
    assert_same(&fresh, &plot(&direct, 7, 1200).await);
    assert_eq!(fresh.kept, None);
    let (readings, kept) = stage.readings_of(plot(&stage.client, 7, 1200)).await;
    assert_eq!(readings, 0);
    assert_same(&kept, &fresh);
    assert!(kept.kept.is_some());
    let (readings, moved) = stage.readings_of(plot(&stage.client, 60, 1270)).await;
    assert_eq!(readings, 1, "only what is new");
    assert_same(&moved, &plot(&direct, 60, 1270).await);
    // A value that comes late is noticed as it is for recorded values.
    let late = stage.first + 500 * MINUTE + 17 * SECOND;
    stage.plant.lock().unwrap().add("A", late, 1e6);
    stage.clock.advance(LATER);
    let seen = plot(&stage.client, 7, 1200).await;
    assert!(seen.values.contains(&1e6));
    assert_same(&seen, &plot(&direct, 7, 1200).await);
}

#[tokio::test]
async fn a_picture_up_to_the_present_is_never_kept_to_its_end() {
    let stage = Stage::new().await;
    let plot = async || {
        let read = stage.client.plot(&["A"], stage.at(0), stage.at(1440), 40);
        read.await.unwrap().remove(0)
    };
    plot().await;
    let (readings, read) = stage.readings_of(plot()).await;
    assert_eq!(readings, 1);
    assert_eq!(read.len(), 1441);
}

#[tokio::test]
async fn processes_share_a_folder() {
    let stage = Stage::new().await;
    stage.agrees(0, 600).await;
    let other = open(stage.folder.path(), &stage.clock, 1 << 30);
    let client = connect(&stage.url).with_cache(Some(&other));
    let read = client.recorded(&["A"], stage.at(0), stage.at(600));
    let (readings, read) = stage.readings_of(read).await;
    assert_eq!(readings, 0);
    assert_same(&read.unwrap()[0], &stage.direct(0, 600).await);
    // What one of them removes the other misses, and reads anew.
    for file in files(stage.folder.path()) {
        std::fs::remove_file(file).unwrap();
    }
    assert_eq!(stage.readings_of(stage.read(0, 600)).await.0, 1);
}

#[tokio::test]
async fn a_long_history_comes_in_parts_and_with_a_small_cache() {
    let stage = Stage::new().await;
    let rows = 200_000_i64;
    let first = stage.first - rows * SECOND;
    {
        let mut plant = stage.plant.lock().unwrap();
        let held = (0..rows).map(|row| Held {
            time: first + row * SECOND,
            value: json!(row),
            substituted: false,
            annotated: false,
        });
        let held: Vec<Held> = held.collect();
        plant.streams.insert("L".to_owned(), held);
    }
    let (start, end) = (
        Timestamp::from_microsecond(first).unwrap(),
        Timestamp::from_microsecond(first + (rows - 1) * SECOND).unwrap(),
    );
    let small = open(&stage.folder.path().join("small"), &stage.clock, 300_000);
    for cache in [&stage.cache, &stage.cache, &small, &small] {
        let client = connect(&stage.url).with_cache(Some(cache));
        let mut history = client.history("L", start, end).await.unwrap();
        let (mut next, mut parts) = (0, 0);
        while let Some(part) = history.next().await.unwrap() {
            assert!(part.len() <= 70_000, "{} values at once", part.len());
            for (time, value) in part.times.iter().zip(&part.values) {
                assert_eq!(
                    (*time, value.to_bits()),
                    (first + next * SECOND, (next as f64).to_bits())
                );
                next += 1;
            }
            parts += 1;
        }
        assert_eq!(next, rows);
        assert!(parts >= 3);
        assert!(small.numbers().bytes <= 300_000);
    }
    assert_eq!(stage.cache.numbers().kept, stage.cache.numbers().read);
}

/// The present as it is: it has moved on whenever somebody looks.
#[derive(Debug)]
struct Moving(ManualClock);

impl Clock for Moving {
    fn now(&self) -> Timestamp {
        self.0.advance(Duration::from_millis(5));
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }
}

#[tokio::test]
async fn a_range_up_to_the_present_is_read_in_two_parts_however_time_moves_on() {
    let stage = Stage::new().await;
    let settings = CacheSettings {
        folder: stage.folder.path().join("moving"),
        bytes: 1 << 30,
        settled: Duration::from_hours(1),
    };
    let cache = PiCache::open(&settings, Arc::new(Moving(stage.clock.clone()))).unwrap();
    let client = connect(&stage.url).with_cache(Some(&cache));
    let (start, end) = (stage.at(0), stage.at(24 * 60));
    let reading =
        tokio::time::timeout(Duration::from_secs(10), client.recorded(&["A"], start, end));
    let (readings, read) = stage.readings_of(reading).await;
    assert_eq!(readings, 2, "what is settled, and what is not");
    let read = read.unwrap().unwrap().remove(0);
    assert_same(&read, &stage.direct(0, 24 * 60).await);
}
