//! Values over time: long, in grids, in pictures and summaries, and what stands in place of a number.

use dcp::pi::{Retrieval, Series, Status};
use jiff::Timestamp;
use pi_simulator::Settings;
use serde_json::json;

use crate::{DRYER_1, DRYER_2, fault, hours, plan, start};

#[tokio::test(flavor = "multi_thread")]
async fn long_histories_are_paged_although_the_server_cuts_them_silently() {
    let (_simulator, client) = start(Settings::default()).await;
    let tag = client.point("SINUSOID").await.unwrap().web_id;
    let burst = client.point("DEMO.BURST").await.unwrap().web_id;
    let now = Timestamp::now();
    let all = client
        .recorded(&[&tag, &burst], now - hours(24 * 10), now)
        .await
        .unwrap();
    let (sine, burst) = (&all[0], &all[1]);
    assert_eq!(sine.len(), 10 * 24 * 120);
    assert!(
        sine.times
            .windows(2)
            .all(|pair| pair[1] - pair[0] == 30_000_000)
    );
    // Every tenth sample has three values with one time.
    assert_eq!(burst.len(), 10 * 24 * 120 / 10 * 12);
    assert!(burst.times.windows(2).all(|pair| pair[0] <= pair[1]));
    let triples = burst
        .values
        .windows(3)
        .filter(|values| values[2] - values[0] > 1.5 && values[2] - values[0] < 2.5)
        .count();
    assert_eq!(triples, 10 * 24 * 120 / 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_grids_are_read_in_parts_that_fit_together() {
    let (_simulator, client) = start(Settings::default()).await;
    let tag = client.point("SINUSOID").await.unwrap().web_id;
    let end = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    let start = end - hours(9);
    let grid = client
        .interpolated(&[&tag], start, end, 1_000_000)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(grid.len(), 9 * 3600 + 1);
    assert!(
        grid.times
            .windows(2)
            .all(|pair| pair[1] - pair[0] == 1_000_000)
    );
    assert_eq!(grid.times[0], start.as_microsecond());
}

/// What a series is at an instant, by its recorded values: on the line between them, or the last one of a tag in steps.
fn naive(recorded: &Series, at: i64, step: bool) -> f64 {
    let after = recorded.times.partition_point(|time| *time <= at);
    let (from, value) = (recorded.times[after - 1], recorded.values[after - 1]);
    match recorded.times.get(after) {
        Some(to) if !step && from < at => {
            let share = (at - from) as f64 / (to - from) as f64;
            value + (recorded.values[after] - value) * share
        }
        _ => value,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_at_instants_are_those_between_the_recorded_ones() {
    let (_simulator, client) = start(Settings::default()).await;
    let sine = client.point("SINUSOID").await.unwrap().web_id;
    let stepped = client.point("CDEP158").await.unwrap().web_id;
    let tags = [sine.as_str(), &stepped];
    let end = Timestamp::from_second(Timestamp::now().as_second() - 7200).unwrap();
    let begin = end - hours(5);
    let recorded = client
        .recorded(&tags, begin - hours(1), end + hours(1))
        .await
        .unwrap();
    // More than fit into one address, unordered, one of them twice, some where a value was recorded.
    let mut instants: Vec<Timestamp> = (0..70_i64)
        .map(|row| end - jiff::SignedDuration::from_millis(row * 37 % 70 * 251_000))
        .collect();
    instants.push(instants[3]);
    let at = client.interpolated_at(&tags, &instants).await.unwrap();
    for (series, (recorded, step)) in at.iter().zip(recorded.iter().zip([false, true])) {
        assert_eq!((series.len(), &series.units), (70, &recorded.units));
        assert!(series.times.windows(2).all(|pair| pair[0] < pair[1]));
        for (time, value) in series.times.iter().zip(&series.values) {
            let expected = naive(recorded, *time, step);
            assert!((value - expected).abs() < 1e-4, "{value} {expected}");
        }
    }
    let nobody = client.interpolated_at(&["F1DPx"], &instants).await;
    let nobody = nobody.unwrap_err();
    assert_eq!(
        dcp::http::Problem::from(nobody).kind(),
        "urn:dcp:problem:pi-not-found"
    );
    assert!(client.interpolated_at(&tags, &[]).await.unwrap()[0].is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_value_stands_for_an_instant_as_it_is_asked_for() {
    let (_simulator, client) = start(Settings::default()).await;
    let tag = client.point("SINUSOID").await.unwrap().web_id;
    let now = Timestamp::now();
    let recorded = client
        .recorded(&[&tag], now - hours(1), now)
        .await
        .unwrap()
        .remove(0);
    let instant = |micros: i64| Timestamp::from_microsecond(micros).unwrap();
    let on = instant(recorded.times[50]);
    let between = instant(recorded.times[70] + 1_000_000);
    let rows = async |retrieval| {
        let (tags, instants) = ([tag.as_str()], [between, on]);
        let read = client.recorded_at(&tags, &instants, retrieval);
        let series = read.await.unwrap().remove(0);
        let row = |time: &i64| recorded.times.iter().position(|one| one == time).unwrap();
        for (time, value) in series.times.iter().zip(&series.values) {
            assert_eq!(value.to_bits(), recorded.values[row(time)].to_bits());
        }
        series.times.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(rows(Retrieval::AtOrBefore).await, [50, 70]);
    assert_eq!(rows(Retrieval::Before).await, [49, 70]);
    assert_eq!(rows(Retrieval::AtOrAfter).await, [50, 71]);
    assert_eq!(rows(Retrieval::After).await, [51, 71]);
    assert_eq!(rows(Retrieval::Exact).await, [50]);
    assert_eq!(rows(Retrieval::Auto).await[0], 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn states_and_texts_keep_their_reason() {
    let (simulator, client) = start(Settings::default()).await;
    let now = Timestamp::now();
    let failing = client.point("DEMO.FAILING").await.unwrap().web_id;
    let mode = client.point("CDM158").await.unwrap().web_id;
    let phase = client.point("DEMO.PHASE").await.unwrap().web_id;
    let all = client
        .recorded(&[&failing, &mode, &phase], now - hours(6), now)
        .await
        .unwrap();
    let timeouts = all[0]
        .status
        .iter()
        .filter(|status| **status == Status::State(246))
        .count();
    assert!(timeouts >= 30, "{timeouts}");
    assert!(
        all[0].status.contains(&Status::Questionable)
            && all[0].status.contains(&Status::State(255))
    );
    assert_eq!(all[0].describe(Status::State(246)), "I/O Timeout");
    assert!(all[1].status.iter().all(|status| *status == Status::Good));
    assert!(all[1].texts.values().any(|text| text == "Auto"));
    assert!(all[2].status.iter().all(|status| *status == Status::Text));
    let dryer = client.element_at(DRYER_1).await.unwrap();
    let tags = client.tags(&dryer.web_id).await.unwrap();
    fault(
        &simulator,
        json!({ "kind": "state", "tag": "DryerTemp", "name": "Bad Input", "value": 255 }),
    )
    .await;
    let values = client
        .values(&[&tags[0].web_id, &tags[6].web_id])
        .await
        .unwrap();
    assert_eq!(
        (
            tags[6].name.as_str(),
            values[0].status[0],
            values[1].status[0]
        ),
        ("DryerTemp", Status::Good, Status::State(255))
    );
    let empty = client.element_at(DRYER_2).await.unwrap();
    let silent = client.tags(&empty.web_id).await.unwrap();
    assert_eq!(
        client.values(&[&silent[0].web_id]).await.unwrap()[0].describe(Status::State(253)),
        "Pt Created"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn plots_and_summaries_agree_with_the_recorded_values() {
    let (_simulator, client) = start(Settings::default()).await;
    let (tags, batches) = plan(&client).await;
    let tag = tags[6].web_id.as_str();
    let (start, end) = (batches[0].start, batches[0].end.unwrap());
    let recorded = client.recorded(&[tag], start, end).await.unwrap().remove(0);
    let plot = client.plot(&[tag], start, end, 20).await.unwrap().remove(0);
    let largest = |values: &[f64]| {
        values
            .iter()
            .copied()
            .max_by(f64::total_cmp)
            .unwrap()
            .to_bits()
    };
    assert_eq!(largest(&plot.values), largest(&recorded.values));
    assert!(plot.len() < recorded.len());
    let summaries = client
        .summary(tag, start, end, &["Average", "Maximum"])
        .await
        .unwrap();
    assert_eq!(
        summaries[1].value.unwrap().to_bits(),
        largest(&recorded.values)
    );
    let mean = recorded
        .values
        .windows(2)
        .map(|pair| f64::midpoint(pair[0], pair[1]))
        .sum::<f64>()
        / 147.0;
    assert!((summaries[0].value.unwrap() - mean).abs() < 1e-9);
}
