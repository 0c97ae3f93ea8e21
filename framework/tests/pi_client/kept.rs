//! Kept history against the simulator: recorded values, grids and pictures come from disk as the server sent them.

use std::sync::Arc;
use std::time::Duration;

use dcp::clock::SystemClock;
use dcp::pi::{
    BatchFilter, CacheSettings, PiCache, PiClient, PiCredentials, PiError, PiSource, Series,
};
use pi_simulator::{Running, Settings};

fn bits(series: &[Series]) -> Vec<(Vec<i64>, Vec<u64>)> {
    let of = |one: &Series| {
        let values = one.values.iter().map(|value| value.to_bits());
        (one.times.clone(), values.collect())
    };
    series.iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_simulator_said_comes_from_disk_bit_for_bit_also_while_it_is_away() {
    let simulator = Running::start(Settings::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = CacheSettings {
        folder: folder.path().to_owned(),
        bytes: 1 << 30,
        settled: Duration::from_hours(1),
    };
    let cache = PiCache::open(&settings, Arc::new(SystemClock)).unwrap();
    let source = PiSource {
        database: "Stein".to_owned(),
        ..super::source(&simulator)
    };
    let direct = PiClient::connect(&source, &PiCredentials::Anonymous).unwrap();
    let client = direct.clone().with_cache(Some(&cache));
    let unit = direct
        .element_at(r"\\PIAF\Stein\Stein\Downstream\Skid 1")
        .await
        .unwrap();
    let tags = direct.tags(&unit.web_id).await.unwrap();
    let tags: Vec<&str> = tags
        .iter()
        .filter(|tag| ["Conductivity", "Flow"].contains(&tag.name.as_str()))
        .map(|tag| tag.web_id.as_str())
        .collect();
    assert_eq!(tags.len(), 2);
    let batches = direct.batches(&unit.web_id, &BatchFilter::default()).await;
    let batch = batches.unwrap().remove(40);
    let (start, end) = (batch.start, batch.end.unwrap());
    let read = async || {
        let recorded = client.recorded(&tags, start, end).await?;
        let grid = client.interpolated(&tags, start, end, 60_000_000).await?;
        let picture = client.plot(&tags, start, end, 75).await?;
        Ok::<_, PiError>([recorded, grid, picture])
    };
    let first = read().await.unwrap();
    let recorded = direct.recorded(&tags, start, end).await.unwrap();
    assert_eq!(bits(&first[0]), bits(&recorded));
    assert_eq!(recorded[0].len(), 3601);
    let grid = direct.interpolated(&tags, start, end, 60_000_000).await;
    assert_eq!(bits(&first[1]), bits(&grid.unwrap()));
    assert_eq!(cache.numbers().kept, 0);
    let asked = cache.numbers().read;
    drop(simulator);
    let again = read().await.unwrap();
    assert_eq!(
        cache.numbers().read,
        asked,
        "nothing was read from the server"
    );
    for (again, first) in again.iter().zip(&first) {
        assert_eq!(bits(again), bits(first));
        assert!(again.iter().all(|one| one.kept.is_some()));
        assert!(first.iter().all(|one| one.kept.is_none()));
    }
}
