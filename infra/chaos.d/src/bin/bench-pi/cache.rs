//! `pi.cache_rss_mb`: a long history through the cache, twice, in a process of its own: first from the server to disk, then from disk.
//! The figure is the most memory that process ever had, beside the goal.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use dcp::clock::SystemClock;
use dcp::pi::{CacheSettings, PiCache};
use dcp_chaos::figure::Figure;
use jiff::SignedDuration;

use crate::server::FIRST;

const GOAL_MB: f64 = 128.0;
const ROOM: u64 = 8 << 30;

pub(crate) fn measure(url: &str, samples: usize) -> anyhow::Result<Figure> {
    let folder = tempfile::tempdir()?;
    let output = Command::new(std::env::current_exe()?)
        .args(["--samples", &samples.to_string(), "cache", url])
        .arg(folder.path())
        .stderr(std::process::Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the history is read");
    let megabytes: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    let mut figure = Figure::rate("pi.cache_rss_mb", "MB");
    figure.add(megabytes, GOAL_MB);
    Ok(figure)
}

pub(crate) async fn read(url: &str, folder: &Path, samples: usize) -> anyhow::Result<()> {
    let settings = CacheSettings {
        folder: folder.to_owned(),
        bytes: ROOM,
        settled: Duration::from_hours(1),
    };
    let cache = PiCache::open(&settings, Arc::new(SystemClock))?;
    let client = crate::client(url)?.with_cache(Some(&cache));
    let end = FIRST + SignedDuration::from_secs(i64::try_from(samples)? - 1);
    let mut sums = Vec::new();
    for from in ["server", "disk"] {
        let began = Instant::now();
        let (mut count, mut sum) = (0, 0_u64);
        let mut history = client.history("S", FIRST, end).await?;
        while let Some(part) = history.next().await? {
            count += part.len();
            for (time, value) in part.times.iter().zip(&part.values) {
                sum = sum
                    .wrapping_mul(31)
                    .wrapping_add(value.to_bits() ^ time.cast_unsigned());
            }
        }
        ensure!(count == samples, "{count} of {samples} values are read");
        sums.push(sum);
        eprintln!(
            "{count} values from the {from} in {:.1} s; {:?}; {} MB so far",
            began.elapsed().as_secs_f64(),
            cache.numbers(),
            most_memory()?
        );
    }
    ensure!(sums[0] == sums[1], "what comes back is what was read");
    println!("{}", most_memory()?);
    Ok(())
}

/// The most memory this process ever had, in MB.
fn most_memory() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: f64 = line
        .context("VmHWM")?
        .trim_end_matches("kB")
        .trim()
        .parse()?;
    Ok((kilobytes / 1024.0 * 10.0).round() / 10.0)
}
