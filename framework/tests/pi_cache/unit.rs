//! Somebody gives a tag another unit at the server, or takes it away: no value that is kept goes on in the former one.

use crate::{LATER, Stage};

#[tokio::test]
async fn a_unit_that_is_changed_or_taken_away_is_noticed_although_no_value_changes() {
    let stage = Stage::new().await;
    assert_eq!(stage.agrees(0, 600).await.units, "m");
    for unit in ["mm", ""] {
        stage.plant.lock().unwrap().unit = Some(unit);
        stage.clock.advance(LATER);
        let (readings, series) = stage.readings_of(stage.read(0, 600)).await;
        assert_eq!((readings, series.units.as_str()), (1, unit));
        assert_eq!(stage.readings_of(stage.agrees(0, 600)).await.0, 1, "kept");
    }
}

#[tokio::test]
async fn a_range_in_parts_never_mixes_units() {
    let stage = Stage::new().await;
    stage.agrees(0, 600).await;
    stage.plant.lock().unwrap().unit = Some("");
    // What is kept is trusted for a while; beside what is read now it is another unit.
    assert_eq!(stage.read(0, 600).await.units, "m");
    let series = stage.agrees(0, 1_440).await;
    assert_eq!((series.units.as_str(), series.len()), ("", 1_441));
    // What was kept before is replaced.
    assert_eq!(stage.agrees(0, 600).await.units, "");
}
