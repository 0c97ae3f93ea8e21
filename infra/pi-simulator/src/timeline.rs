//! When the recorded batches happened: the recording has no clock times, so that the simulator gives it some.

use std::path::Path;

use anyhow::Context;

use crate::time::Micros;

/// The recording of the dryer.
pub const DRYER: &str = include_str!("../data/dryer.csv");
/// The recording of the autoclave.
pub const NYLON: &str = include_str!("../data/nylon.csv");
const MINUTE: Micros = 60_000_000;

/// One recorded batch, placed in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Number in the recording, 1 to 71.
    pub number: u32,
    /// Time of the first sample.
    pub start: Micros,
    /// Time of the last sample; one sample a minute.
    pub end: Micros,
    /// One row per minute, one column per tag in the order of the recording.
    pub rows: Vec<[f64; 10]>,
}

/// How much of the last batch has happened at the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LastBatch {
    /// Its last sample is at the origin: every recorded sample can be read, and its frame is open.
    #[default]
    Complete,
    /// Six tenths of it have happened; the rest comes minute by minute.
    Running,
}

/// Reads a recording: the number of the batch and ten values a row.
pub fn recording(text: &str) -> anyhow::Result<Vec<(u32, Vec<[f64; 10]>)>> {
    let mut batches: Vec<(u32, Vec<[f64; 10]>)> = Vec::new();
    for record in csv::Reader::from_reader(text.as_bytes()).records() {
        let record = record?;
        let number: u32 = record.get(0).unwrap_or_default().parse()?;
        let mut row = [0.0; 10];
        for (column, value) in row.iter_mut().enumerate() {
            *value = record
                .get(column + 1)
                .unwrap_or_default()
                .parse()
                .with_context(|| format!("batch {number}"))?;
        }
        match batches.last_mut() {
            Some((last, rows)) if *last == number => rows.push(row),
            _ => batches.push((number, vec![row])),
        }
    }
    Ok(batches)
}

/// Places the recorded batches one after the other so that the last one runs at the origin.
pub fn place(recording: Vec<(u32, Vec<[f64; 10]>)>, origin: Micros, last: LastBatch) -> Vec<Batch> {
    let mut batches = Vec::with_capacity(recording.len());
    let mut next_start = None;
    for (number, rows) in recording.into_iter().rev() {
        let length = Micros::try_from(rows.len()).unwrap_or(1) - 1;
        let start = match (next_start, last) {
            (Some(next), _) => next - gap(number) - length * MINUTE,
            (None, LastBatch::Complete) => origin - length * MINUTE,
            (None, LastBatch::Running) => origin - length * 6 / 10 * MINUTE,
        };
        next_start = Some(start);
        batches.push(Batch {
            number,
            start,
            end: start + length * MINUTE,
            rows,
        });
    }
    batches.reverse();
    batches
}

/// Cleaning and charging after a batch: 50 minutes to 4 hours, the same on every start; every seventh batch ends a campaign.
fn gap(number: u32) -> Micros {
    let spread = Micros::from(number.wrapping_mul(2_654_435_761) >> 16) % 190;
    let campaign = if number.is_multiple_of(7) { 10 * 60 } else { 0 };
    (50 + spread + campaign) * MINUTE
}

/// The origin kept in a state file, or `now` (at a whole minute) written to it: a restart keeps the timeline.
pub fn origin(state: Option<&Path>, now: Micros) -> anyhow::Result<Micros> {
    let fresh = now - now.rem_euclid(MINUTE);
    let Some(path) = state else { return Ok(fresh) };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let kept: jiff::Timestamp = text
                .trim()
                .parse()
                .with_context(|| format!("{} holds no time", path.display()))?;
            Ok(kept.as_microsecond())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, crate::time::format(fresh))?;
            Ok(fresh)
        }
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recording_has_71_batches_and_9220_rows() {
        let recording = recording(DRYER).unwrap();
        assert_eq!(recording.len(), 71);
        assert_eq!(
            recording.iter().map(|(_, rows)| rows.len()).sum::<usize>(),
            9_220
        );
        assert_eq!(
            recording
                .iter()
                .map(|(number, _)| *number)
                .collect::<Vec<_>>(),
            (1..=71).collect::<Vec<_>>()
        );
    }

    #[test]
    fn the_recording_of_the_autoclave_has_57_batches_of_five_stages() {
        let recording = recording(NYLON).unwrap();
        assert_eq!(recording.len(), 57);
        for (number, rows) in recording {
            let stages: Vec<_> = rows.iter().map(|row| row[0]).collect();
            let stages: Vec<_> = stages.chunk_by(|a, b| a.total_cmp(b).is_eq()).collect();
            assert_eq!(stages.len(), 5, "{number}");
        }
    }

    #[test]
    fn batches_follow_each_other_without_overlap_and_the_last_one_is_now() {
        let origin = 1_800_000_000_000_000;
        let batches = place(recording(DRYER).unwrap(), origin, LastBatch::Complete);
        assert_eq!(batches[70].end, origin);
        for pair in batches.windows(2) {
            assert!(pair[0].end + 50 * MINUTE <= pair[1].start);
            assert!(pair[0].end + 15 * 60 * MINUTE > pair[1].start);
        }
        let running = place(recording(DRYER).unwrap(), origin, LastBatch::Running);
        assert!(running[70].start < origin && running[70].end > origin);
    }

    #[test]
    fn a_restart_keeps_the_timeline() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state").join("origin");
        let first = origin(Some(&file), 1_800_000_012_345_678).unwrap();
        assert_eq!(first, 1_800_000_000_000_000);
        assert_eq!(origin(Some(&file), 1_900_000_000_000_000).unwrap(), first);
    }
}
