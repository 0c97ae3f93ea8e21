//! Whole batches as one table: what models are calculated from.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::series::Series;
use super::status::Status;
use super::time::Micros;
use super::{PiClient, PiError, PiSource};
use crate::limits;

/// A reference to process data, as arguments of calculations carry it in `$pi`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PiRequest {
    /// Where to read.
    pub source: PiSource,
    /// WebID of the unit the batches ran on; for the record.
    #[serde(default)]
    pub unit: String,
    /// Which columns.
    pub tags: Vec<TagRef>,
    /// Which rows.
    pub batches: Vec<BatchRef>,
    /// How values become rows.
    pub interpolation: Interpolation,
}

/// A column: its name in the table and the stream behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagRef {
    /// Name of the column.
    pub name: String,
    /// WebID of the attribute or point.
    pub web_id: String,
}

/// A batch: its id in the table and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRef {
    /// Id in the table.
    pub id: String,
    /// First instant.
    pub start: Timestamp,
    /// Last instant; none reads up to the newest value.
    #[serde(default)]
    pub end: Option<Timestamp>,
}

/// How values become rows: `"recorded"` or `{"interval": "60s"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// One row per time at which any tag was recorded; a tag without a value there has status [`Status::Missing`].
    Recorded,
    /// One row every so often from the start of the batch: `60s`, `1.5m`, `1h`.
    Interval(String),
}

impl Interpolation {
    /// The interval in microseconds; none for recorded values.
    pub fn interval(&self) -> Result<Option<Micros>, PiError> {
        let Self::Interval(text) = self else {
            return Ok(None);
        };
        let refuse = || PiError::Refused {
            status: 400,
            errors: vec![format!("'{text}' is not an interval such as 60s")],
        };
        let duration: SignedDuration = text.parse().map_err(|_| refuse())?;
        let interval = Micros::try_from(duration.as_micros()).map_err(|_| refuse())?;
        if interval < 1000 || interval % 1000 != 0 {
            Err(refuse())
        } else {
            Ok(Some(interval))
        }
    }
}

/// How far a reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Batches read.
    pub batches: usize,
    /// Batches asked for.
    pub of: usize,
    /// Rows read.
    pub rows: usize,
}

/// Batches below each other, tags beside each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchTable {
    /// Ids of the batches in the order asked for.
    pub batches: Vec<String>,
    /// For each row the place of its batch in [`BatchTable::batches`].
    pub batch: Vec<u32>,
    /// For each row the seconds since the start of its batch.
    pub seconds: Vec<f64>,
    /// The columns in the order asked for.
    pub columns: Vec<Column>,
}

/// One tag of all batches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column {
    /// Name of the column.
    pub name: String,
    /// The numbers; NaN where the status is not usable.
    pub values: Vec<f64>,
    /// What each value is worth.
    pub status: Vec<Status>,
}

impl BatchTable {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.seconds.len()
    }

    /// Number of values that are not usable, by column.
    pub fn unusable(&self) -> Vec<usize> {
        self.columns
            .iter()
            .map(|column| {
                column
                    .status
                    .iter()
                    .filter(|status| !status.is_usable())
                    .count()
            })
            .collect()
    }
}

/// The rows of one batch.
struct Rows {
    seconds: Vec<f64>,
    columns: Vec<(Vec<f64>, Vec<Status>)>,
}

impl PiClient {
    /// Reads whole batches, several at a time, and reports after each.
    ///
    /// What PI holds beyond the newest value is no measurement: a batch that is still running ends with the newest recorded value of
    /// its tags, whatever its end says.
    pub async fn read_batches(
        &self,
        tags: &[TagRef],
        batches: &[BatchRef],
        interpolation: &Interpolation,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<BatchTable, PiError> {
        let interval = interpolation.interval()?;
        let ids: Vec<&str> = tags.iter().map(|tag| tag.web_id.as_str()).collect();
        if ids.is_empty() || batches.is_empty() {
            return Err(PiError::Refused {
                status: 400,
                errors: vec!["at least one tag and one batch are needed".to_owned()],
            });
        }
        let newest = self.newest(&ids).await?;
        let mut table = BatchTable {
            batches: batches.iter().map(|batch| batch.id.clone()).collect(),
            columns: tags
                .iter()
                .map(|tag| Column {
                    name: tag.name.clone(),
                    ..Column::default()
                })
                .collect(),
            ..BatchTable::default()
        };
        // Collected, because a closure over references in the stream would keep callers from sending this future to another thread.
        let readings: Vec<_> = batches
            .iter()
            .map(|batch| self.read_batch(&ids, batch, newest, interval))
            .collect();
        let mut readings = stream::iter(readings)
            .buffered(limits::PI_CONCURRENCY)
            .enumerate()
            .map(|(place, rows)| rows.map(|rows| (place, rows)));
        while let Some((place, rows)) = readings.try_next().await? {
            table.append(place, rows)?;
            progress(Progress {
                batches: place + 1,
                of: batches.len(),
                rows: table.rows(),
            });
        }
        Ok(table)
    }

    /// The newest instant at which any of the tags was recorded.
    async fn newest(&self, tags: &[&str]) -> Result<Timestamp, PiError> {
        let values = self.values(tags).await?;
        let newest = values
            .iter()
            .filter_map(|series| series.times.last())
            .max()
            .copied()
            .unwrap_or_default();
        Ok(Timestamp::from_microsecond(newest).unwrap_or_default())
    }

    async fn read_batch(
        &self,
        tags: &[&str],
        batch: &BatchRef,
        newest: Timestamp,
        interval: Option<Micros>,
    ) -> Result<Rows, PiError> {
        let end = batch.end.map_or(newest, |end| end.min(newest));
        if end < batch.start {
            return Ok(Rows {
                seconds: Vec::new(),
                columns: vec![(Vec::new(), Vec::new()); tags.len()],
            });
        }
        let series = match interval {
            Some(interval) => self.interpolated(tags, batch.start, end, interval).await?,
            None => self.recorded(tags, batch.start, end).await?,
        };
        Ok(align(&series, batch.start.as_microsecond()))
    }
}

impl BatchTable {
    fn append(&mut self, place: usize, rows: Rows) -> Result<(), PiError> {
        if self.rows() + rows.seconds.len() > limits::PI_TABLE_ROWS {
            return Err(PiError::TooLarge(limits::PI_TABLE_ROWS));
        }
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        self.batch
            .extend(std::iter::repeat_n(place, rows.seconds.len()));
        self.seconds.extend(rows.seconds);
        for (column, (values, status)) in self.columns.iter_mut().zip(rows.columns) {
            column.values.extend(values);
            column.status.extend(status);
        }
        Ok(())
    }
}

/// One row per time; of several values with one time the first of each tag share a row, then the second, and so on.
fn align(series: &[Series], start: Micros) -> Rows {
    let mut keys: Vec<(Micros, usize)> = series
        .iter()
        .flat_map(|one| occurrences(&one.times))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let columns = series.iter().map(|one| {
        let mut places = occurrences(&one.times).enumerate().peekable();
        keys.iter()
            .map(
                |key| match places.next_if(|(_, candidate)| candidate == key) {
                    Some((row, _)) => (
                        one.values.get(row).copied().unwrap_or(f64::NAN),
                        one.status.get(row).copied().unwrap_or(Status::Missing),
                    ),
                    None => (f64::NAN, Status::Missing),
                },
            )
            .unzip()
    });
    Rows {
        columns: columns.collect(),
        seconds: keys.iter().map(|(time, _)| seconds(time - start)).collect(),
    }
}

/// Each time with how many equal ones came before it.
fn occurrences(times: &[Micros]) -> impl Iterator<Item = (Micros, usize)> {
    let mut last = (Micros::MIN, 0);
    times.iter().map(move |time| {
        last = if *time == last.0 {
            (*time, last.1 + 1)
        } else {
            (*time, 0)
        };
        last
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds since the start of a batch are far below 2^53"
)]
fn seconds(span: Micros) -> f64 {
    span as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(times: &[Micros], values: &[f64]) -> Series {
        Series {
            times: times.to_vec(),
            values: values.to_vec(),
            status: vec![Status::Good; times.len()].into(),
            ..Series::default()
        }
    }

    #[test]
    fn tags_are_aligned_by_time_and_gaps_are_missing() {
        let rows = align(
            &[
                series(&[0, 2_000_000, 2_000_000], &[1.0, 2.0, 3.0]),
                series(&[1_000_000, 2_000_000], &[4.0, 5.0]),
            ],
            0,
        );
        assert_eq!(rows.seconds, [0.0, 1.0, 2.0, 2.0]);
        let status = |column: usize| rows.columns[column].1.clone();
        assert_eq!(
            status(0),
            [Status::Good, Status::Missing, Status::Good, Status::Good]
        );
        assert_eq!(
            status(1),
            [Status::Missing, Status::Good, Status::Good, Status::Missing]
        );
        assert_eq!(rows.columns[0].0[3].to_bits(), 3.0_f64.to_bits());
    }

    #[test]
    fn a_request_has_the_shape_of_its_argument() {
        let text = r#"{"source":{"id":"dryers","url":"http://localhost/piwebapi","data_server":"PIMAM","asset_server":"PIAF","credentials":"pi/dryers"},
            "unit":"E","tags":[{"name":"T","web_id":"A"}],"batches":[{"id":"1","start":"2026-01-01T00:00:00Z","end":null}],"interpolation":{"interval":"60s"}}"#;
        let request: PiRequest = serde_json::from_str(text).unwrap();
        assert_eq!(request.interpolation.interval().unwrap(), Some(60_000_000));
        assert_eq!(
            serde_json::from_str::<Interpolation>("\"recorded\"")
                .unwrap()
                .interval()
                .unwrap(),
            None
        );
        assert!(Interpolation::Interval("0s".to_owned()).interval().is_err());
        assert!(
            Interpolation::Interval("soon".to_owned())
                .interval()
                .is_err()
        );
    }
}
