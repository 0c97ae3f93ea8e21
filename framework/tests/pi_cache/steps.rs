//! Readings and changes in any order: what is read is what the server has.

use proptest::prelude::*;
use serde_json::json;

use crate::{Change, LATER, SECOND, Stage, assert_same, connect};

/// What happens to a plant and who looks at it.
#[derive(Debug, Clone)]
enum Step {
    Read(i64, i64),
    Grid(i64, i64, i64),
    Insert(i64),
    Replace(usize),
    Remove(usize),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let (from, length) = (0_i64..1_400, 0_i64..400);
    prop_oneof![
        4 => (from.clone(), length.clone()).prop_map(|(from, length)| Step::Read(from, length)),
        3 => (from, length, 40_i64..200).prop_map(|(from, length, interval)| Step::Grid(from, length, interval)),
        1 => (0_i64..80_000).prop_map(Step::Insert),
        1 => (0_usize..1_300).prop_map(Step::Replace),
        1 => (0_usize..1_300).prop_map(Step::Remove),
        1 => Just(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn whatever_happens_what_is_read_is_what_the_server_has(steps in prop::collection::vec(step(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let stage = Stage::new().await;
            for step in steps {
                follow(&stage, step).await;
            }
        });
    }
}

async fn follow(stage: &Stage, step: Step) {
    let change = |change: Change<'_>| {
        change(stage.plant.lock().unwrap().streams.get_mut("A").unwrap());
        stage.clock.advance(LATER);
    };
    match step {
        Step::Read(from, length) => drop(stage.agrees(from, from + length).await),
        Step::Grid(from, length, interval) => {
            let (start, end) = (stage.at(from), stage.at(from + length));
            let (client, direct) = (&stage.client, connect(&stage.url));
            let read = client
                .interpolated(&["A"], start, end, interval * SECOND)
                .await;
            let direct = direct
                .interpolated(&["A"], start, end, interval * SECOND)
                .await;
            assert_same(&read.unwrap()[0], &direct.unwrap()[0]);
        }
        Step::Insert(second) => {
            stage.plant.lock().unwrap().add(
                "A",
                stage.first + second * SECOND + 7,
                second as f64 + 0.1,
            );
            stage.clock.advance(LATER);
        }
        Step::Replace(row) => change(&|held| {
            held[row].value = json!(row as f64 * -1.5 - 1.0);
            held[row].substituted = true;
        }),
        Step::Remove(row) => change(&|held| drop(held.remove(row))),
        Step::Wait => stage.clock.advance(LATER),
    }
}
