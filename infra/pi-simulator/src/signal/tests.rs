//! What a signal holds at and around a moment.

use super::*;

const CREATED: Micros = 1_000_000_000_000_000;
const NOW: Micros = CREATED + 100_000_000_000;

fn signal(shape: Shape) -> Signal {
    Signal::Live {
        shape,
        created: CREATED,
        interval: 30_000_000,
    }
}

#[test]
fn a_live_point_begins_with_pt_created_and_goes_on_to_now() {
    let samples = signal(Shape::Sinusoid).range(0, NOW + 1_000_000_000, NOW);
    assert_eq!(samples[0].reading, PT_CREATED);
    assert!(samples.last().unwrap().time <= NOW && samples.last().unwrap().time > NOW - 30_000_000);
    assert_eq!(samples, signal(Shape::Sinusoid).range(0, NOW, NOW));
}

#[test]
fn neighbours_agree_with_the_range() {
    for shape in [Shape::Temperature, Shape::Burst, Shape::FailingSensor] {
        let samples = signal(shape).range(CREATED, NOW, NOW);
        for pair in samples
            .windows(2)
            .filter(|pair| pair[0].time < pair[1].time)
        {
            assert_eq!(
                signal(shape).previous(pair[1].time, true, NOW).unwrap(),
                pair[0]
            );
            assert_eq!(
                signal(shape).following(pair[0].time, true, NOW).unwrap(),
                pair[1]
            );
        }
    }
}

#[test]
fn late_and_corrected_values_arrive_as_they_become_known() {
    let until = CREATED + 40 * 30_000_000;
    for (shape, updates) in [(Shape::Late, 0), (Shape::Corrected, 3)] {
        let signal = signal(shape);
        let once = signal.arrivals(CREATED, until);
        let steps: Vec<Arrival> = (0..20)
            .flat_map(|step| {
                let from = CREATED + step * 60_000_000;
                signal.arrivals(from, from + 60_000_000)
            })
            .collect();
        assert_eq!(once, steps);
        let updated = once.iter().filter(|arrival| arrival.action == "Update");
        assert_eq!(updated.count(), updates);
        // Applied in order, what arrived is what can be read.
        let mut known = std::collections::BTreeMap::new();
        for arrival in once {
            known.insert(arrival.sample.time, arrival.sample);
        }
        let read = signal.range(CREATED + 1, until, until);
        assert_eq!(known.into_values().collect::<Vec<_>>(), read);
    }
}

#[test]
fn what_has_not_happened_yet_is_not_served() {
    let recorded = Signal::Recorded(Arc::new(vec![(10, 1.0), (20, 2.0), (30, 3.0)]));
    assert_eq!(recorded.range(0, 100, 25).len(), 2);
    assert_eq!(recorded.previous(100, false, 25).unwrap().time, 20);
    assert_eq!(recorded.following(21, false, 25), None);
    assert_eq!(recorded.following(20, false, 25).unwrap().time, 20);
}
