//! `pi.columns_vs_parse` and `pi.downsampled_vs_parse`: a million values of one stream.
//!
//! Ours is the way from the server's socket to columns, page by page as the client reads, every timestamp turned into an instant; and on
//! to the JSON of a chart 2,000 pixels wide. The peer is `serde_json` reading the same values, as one body that lies in memory, into
//! typed structs whose timestamps stay text: no socket, no time, no state of a value. That is less than anybody could use.

use std::time::Instant;

use anyhow::ensure;
use dcp::pi::Series;
use dcp::pi::downsample::m4;
use dcp_chaos::figure::Figure;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::json;

use crate::server::FIRST;

const VALUES: i64 = 1_000_000;
const PIXELS: usize = 2_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Set {
    items: Vec<Stream>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stream {
    items: Vec<Timed>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "the marks PI puts on a value"
)]
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Timed {
    timestamp: String,
    value: f64,
    units_abbreviation: String,
    good: bool,
    questionable: bool,
    substituted: bool,
    annotated: bool,
}

pub(crate) async fn measure(url: &str, rounds: usize) -> anyhow::Result<[Figure; 2]> {
    let mut columns = Figure::rate("pi.columns_vs_parse", "s");
    let mut downsampled = Figure::rate("pi.downsampled_vs_parse", "s");
    let body = reqwest_body(url).await?;
    eprintln!("a body of {} MB", body.len() / 1_000_000);
    for round in 0..=rounds {
        let (peer, expected) = parse(&body)?;
        let (ours, series) = read(url).await?;
        ensure!(series.len() == expected, "all values are read");
        let (drawn, _) = draw(url).await?;
        // The first round warms caches and connections of both.
        if round > 0 {
            columns.add(ours, peer);
            downsampled.add(drawn, peer);
        }
    }
    Ok([columns, downsampled])
}

async fn reqwest_body(url: &str) -> anyhow::Result<Vec<u8>> {
    let end = FIRST + SignedDuration::from_secs(VALUES - 1);
    let url = format!(
        "{url}/streamsets/recorded?webId=S&startTime={FIRST}&endTime={end}&maxCount={VALUES}"
    );
    Ok(reqwest::get(url).await?.bytes().await?.to_vec())
}

fn parse(body: &[u8]) -> anyhow::Result<(f64, usize)> {
    let began = Instant::now();
    let set: Set = serde_json::from_slice(body)?;
    let spent = began.elapsed().as_secs_f64();
    let rows = set.items.iter().flat_map(|stream| &stream.items);
    let complete = rows.clone().all(|row| {
        let marks = row.good && !row.questionable && !row.substituted && !row.annotated;
        marks && row.value.is_finite() && row.timestamp.len() + row.units_abbreviation.len() > 20
    });
    ensure!(complete, "the peer reads what is there");
    Ok((spent, rows.count()))
}

async fn read(url: &str) -> anyhow::Result<(f64, Series)> {
    let client = crate::client(url)?;
    let end = FIRST + SignedDuration::from_secs(VALUES - 1);
    let began = Instant::now();
    let series = client.recorded(&["S"], FIRST, end).await?.remove(0);
    Ok((began.elapsed().as_secs_f64(), series))
}

async fn draw(url: &str) -> anyhow::Result<(f64, Vec<u8>)> {
    let began = Instant::now();
    let (_, series) = read(url).await?;
    let rows = m4(&series.times, &series.values, PIXELS);
    let times: Vec<i64> = rows.iter().map(|row| series.times[*row] / 1000).collect();
    let values: Vec<f64> = rows.iter().map(|row| series.values[*row]).collect();
    let text = serde_json::to_vec(
        &json!({ "times_ms": times, "values": values, "samples": series.len() }),
    )?;
    Ok((began.elapsed().as_secs_f64(), text))
}
