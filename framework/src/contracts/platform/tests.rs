//! Manifests that do not fit the registry or each other.

use super::*;
use crate::contracts::all;

fn module(name: &str, publishes: &[&str], events: &[&str], tasks: &[&str]) -> Wiring {
    let all = |names: &[&str]| {
        names
            .iter()
            .map(|one| (*one).to_owned())
            .collect::<Vec<_>>()
    };
    Wiring {
        module: name.to_owned(),
        publishes: all(publishes),
        events: all(events)
            .into_iter()
            .map(|name| Subscribed {
                name,
                ordered: false,
                free: false,
            })
            .collect(),
        tasks: all(tasks)
            .into_iter()
            .map(|name| Work {
                name,
                per_site: true,
            })
            .collect(),
        ..Wiring::default()
    }
}

#[test]
fn what_a_module_takes_from_the_free_zone_must_come_over_a_bridge() {
    let publisher = module("mvda", &["mvda.model.failed.v1"], &[], &[]);
    let mut reader = module("framework", &[], &["mvda.model.failed.v1"], &[]);
    reader.events[0].free = true;
    let alone = check_wiring(&all(), &[publisher.clone(), reader.clone()]);
    assert!(
        alone[0].contains(
            "framework takes mvda.model.failed.v1 from the free zone, and no bridge brings it"
        ),
        "{alone:?}"
    );
    let mut bridge = module("bridge", &[], &[], &[]);
    bridge.bridge.gxp = vec!["mvda.model.failed.v1".to_owned()];
    assert_eq!(
        check_wiring(&all(), &[publisher, reader, bridge]),
        Vec::<String>::new()
    );
}

#[test]
fn manifests_that_do_not_fit_are_told_in_a_sentence() {
    let finished = "calc.call.finished.v1";
    for (modules, said) in [
        (
            vec![module("calc", &["calc.call.lost.v1"], &[], &[])],
            "calc publishes calc.call.lost.v1, which the registry",
        ),
        (
            vec![module("mvda", &[], &["calc.call.finished.v9"], &[])],
            "mvda reacts to calc.call.finished.v9, which the registry",
        ),
        (
            vec![module("mvda", &[], &[finished], &[])],
            "mvda reacts to calc.call.finished.v1, which nobody publishes",
        ),
        (
            vec![
                module("calc", &[finished], &[], &[]),
                module("saw", &[finished], &[], &[]),
            ],
            "calc.call.finished.v1 is published by calc and saw: an event has one publisher",
        ),
        (
            vec![module("saw", &[finished], &[], &[])],
            "saw publishes calc.call.finished.v1, which belongs to calc",
        ),
        (
            vec![module("mvda", &[], &[], &["calc.call.v1"])],
            "mvda works on calc.call.v1, which belongs to calc",
        ),
        (
            vec![module("calc", &[], &[], &["calc.think.v1"])],
            "calc works on calc.think.v1, which the registry",
        ),
        (
            vec![module("calc", &[], &[], &["calc.call.finished.v1"])],
            "calc works on calc.call.finished.v1, which is an event",
        ),
        (
            vec![module("mvda", &[], &["calc.call.v1"], &[])],
            "mvda reacts to calc.call.v1, which is a task",
        ),
    ] {
        let wrong = check_wiring(&all(), &modules);
        assert!(
            wrong.iter().any(|sentence| sentence.starts_with(said)),
            "{said}: {wrong:?}"
        );
    }
    let twice = [
        module("calc", &[finished], &[], &["calc.call.v1"]),
        module("calc", &[finished], &[], &["calc.call.v1"]),
    ];
    assert!(
        check_wiring(&all(), &twice).is_empty(),
        "the engine is deployed on two nodes"
    );
}
