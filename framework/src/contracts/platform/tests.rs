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
            })
            .collect(),
        tasks: all(tasks)
            .into_iter()
            .map(|name| Work {
                name,
                per_site: true,
            })
            .collect(),
    }
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
