//! Finding things: in one request, in pages, by names that may be wrong.

use std::collections::BTreeMap;

use dcp::pi::webid::{Form, Kind, Owner, WebId};
use dcp::pi::{
    BatchFilter, BatchState, FrameSearch, PiBatch, PiClient, PiCredentials, PiError, PiPhase,
    PiSource,
};
use jiff::Timestamp;
use pi_simulator::Settings;
use serde_json::json;

use crate::scripted::Scripted;
use crate::{DRYER_1, DRYER_2, fault, start};

#[tokio::test(flavor = "multi_thread")]
async fn one_request_finds_the_units_with_their_tags() {
    let (simulator, client) = start(Settings::default()).await;
    // Whatever else is asked, fails.
    for path in ["/elements", "/assetdatabases", "/attributes"] {
        fault(
            &simulator,
            json!({ "kind": "status", "status": 500, "path": path }),
        )
        .await;
    }
    let found = client.discover(Some("Dryer")).await.unwrap();
    let names: Vec<_> = found
        .units
        .iter()
        .map(|unit| (unit.element.name.as_str(), unit.tags.len()))
        .collect();
    assert_eq!(names, [("Dryer 1", 10), ("Dryer 2", 10)]);
    crate::clear(&simulator).await;
    assert_eq!(found.database, client.database().await.unwrap());
    for unit in &found.units {
        assert_eq!(
            unit.element,
            client.element_at(&unit.element.path).await.unwrap()
        );
        assert_eq!(unit.tags, client.tags(&unit.element.web_id).await.unwrap());
    }
    assert_eq!(
        client
            .discover(Some("No such template"))
            .await
            .unwrap()
            .units,
        []
    );
    assert!(client.discover(None).await.unwrap().units.len() >= 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_longer_there_is_named_and_the_rest_is_shown() {
    let (_simulator, client) = start(Settings::default()).await;
    let dryer = client.element_at(DRYER_1).await.unwrap();
    let tags = client.tags(&dryer.web_id).await.unwrap();
    let renamed = WebId::at(Kind::Element, None, r"\\PIAF\Basel\Basel\Drying\Dryer 9").unwrap();
    let error = client.tags(&renamed.to_string()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        r"the element \\PIAF\BASEL\BASEL\DRYING\DRYER 9 is no longer on the PI server: it was renamed, moved or deleted, or its template was changed; choose it again"
    );
    let path = format!("{DRYER_1}|Removed");
    let removed = WebId::at(Kind::Attribute, Some(Owner::Element), &path)
        .unwrap()
        .to_string();
    let asked = [tags[0].web_id.as_str(), &removed, &tags[1].web_id];
    let error = client.values(&asked).await.unwrap_err();
    assert!(
        matches!(&error, PiError::Vanished(what) if what == &path.to_uppercase()),
        "{error:?}"
    );
    let unreadable = client.unreadable(&asked).await.unwrap();
    assert_eq!((unreadable.len(), unreadable[0].0), (1, 1));
    let named = client
        .points_named(&["SINUSOID", "No.Such", "cdt158"])
        .await
        .unwrap();
    assert_eq!(named[0].as_ref().unwrap().name, "SINUSOID");
    assert_eq!(
        named[1].as_ref().unwrap_err().to_string(),
        "the tag No.Such does not exist on the PI server"
    );
    assert_eq!(named[2].as_ref().unwrap().name, "CDT158");
    let found = client.search_points("CD*", Some("Light*")).await.unwrap();
    let found: Vec<_> = found.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(found, ["CDEP158", "CDM158"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn webids_that_are_written_here_are_read_by_the_server_in_every_form() {
    let (_simulator, client) = start(Settings::default()).await;
    let dryer = client.element_at(DRYER_1).await.unwrap();
    let full: WebId = dryer.web_id.parse().unwrap();
    assert_eq!(full.to_string(), dryer.web_id);
    for form in [Form::Full, Form::IdOnly, Form::PathOnly] {
        let id = full.to_form(form).unwrap().to_string();
        assert_eq!(client.element(&id).await.unwrap(), dryer, "{form:?}");
    }
    let by_path = WebId::at(Kind::Element, None, DRYER_1).unwrap();
    assert_eq!(client.element(&by_path.to_string()).await.unwrap(), dryer);
    let point = WebId::of_point("PIMAM", "sinusoid").unwrap().to_string();
    assert_eq!(client.values(&[&point]).await.unwrap()[0].name, "SINUSOID");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_searched_by_name_unit_time_and_attribute() {
    let (_simulator, client) = start(Settings::default()).await;
    let search = |change: &dyn Fn(&mut FrameSearch)| {
        let mut search = FrameSearch {
            template: Some("Batch".to_owned()),
            unit: Some("Dryer 1".to_owned()),
            ..FrameSearch::default()
        };
        change(&mut search);
        search
    };
    let all = client.search_batches(&search(&|_| ())).await.unwrap();
    assert_eq!(all.len(), 71);
    assert!(all.windows(2).all(|pair| pair[0].start < pair[1].start));
    let seventh = client
        .search_batches(&search(&|one| {
            one.attributes = vec![("BatchID".to_owned(), "7".to_owned())];
        }))
        .await
        .unwrap();
    assert_eq!((seventh.len(), &seventh[0]), (1, &all[6]));
    let later = client
        .search_batches(&search(&|one| one.from = Some(all[68].start)))
        .await
        .unwrap();
    assert_eq!(later, all[68..]);
    let running = client
        .search_batches(&search(&|one| one.in_progress = Some(true)))
        .await
        .unwrap();
    assert_eq!(
        (running.len(), running[0].state(Timestamp::now())),
        (1, BatchState::Running)
    );
    assert_eq!(all[0].state(Timestamp::now()), BatchState::Ended);
    assert_eq!(
        all[0].state(all[0].start - crate::hours(1)),
        BatchState::Planned
    );
    let none = client
        .search_batches(&search(&|one| {
            one.name = Some("x' InProgress:=True Name:='*".to_owned());
        }))
        .await
        .unwrap();
    assert!(none.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_is_reversed_is_refused_before_anything_is_sent() {
    let (simulator, client) = start(Settings::default()).await;
    let tag = client.point("SINUSOID").await.unwrap().web_id;
    fault(&simulator, json!({ "kind": "reset" })).await;
    let now = Timestamp::now();
    let error = client
        .recorded(&[&tag], now, now - crate::hours(1))
        .await
        .unwrap_err();
    assert!(matches!(error, PiError::Time(_)), "{error:?}");
    assert!(error.to_string().contains("before it begins at"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_of_a_batch_has_units_and_a_unit_without_batches_has_none() {
    let (_simulator, client) = start(Settings::default()).await;
    let search = FrameSearch {
        name: Some("DR1-2026-00*".to_owned()),
        ..FrameSearch::default()
    };
    let batches = client.search_batches(&search).await.unwrap();
    let ids: Vec<&str> = batches.iter().map(|batch| batch.web_id.as_str()).collect();
    let metadata = client.batch_metadata(&ids).await.unwrap();
    assert_eq!(metadata.len(), 9);
    let id = metadata[4]
        .iter()
        .find(|attribute| attribute.name == "BatchID")
        .unwrap();
    assert_eq!(
        (id.text().as_str(), id.unit.as_str(), id.good),
        ("5", "", true)
    );
    assert_eq!(client.annotations(ids[0]).await.unwrap(), []);
    let empty = client.element_at(DRYER_2).await.unwrap();
    assert!(
        client
            .batches(&empty.web_id, &dcp::pi::BatchFilter::default())
            .await
            .unwrap()
            .is_empty()
    );
}

/// A reader of the polymerization, whose batches have phases.
async fn visp() -> (pi_simulator::Running, PiClient) {
    let (simulator, basel) = start(Settings::default()).await;
    let source = PiSource {
        database: "Visp".to_owned(),
        ..basel.source().clone()
    };
    let client = PiClient::connect(&source, &PiCredentials::Anonymous).unwrap();
    (simulator, client)
}

/// Every phase lies in what it belongs to, and they are in their order; counts them by template.
fn count(parent: &PiBatch, phases: &[PiPhase], counts: &mut BTreeMap<String, usize>) {
    assert!(
        phases
            .windows(2)
            .all(|pair| pair[0].frame.start <= pair[1].frame.start)
    );
    for phase in phases {
        assert!(
            phase.frame.start >= parent.start && phase.frame.end <= parent.end,
            "{phase:?}"
        );
        *counts.entry(phase.frame.template.clone()).or_default() += 1;
        count(&phase.frame, &phase.phases, counts);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_brings_its_phases_metadata_with_units_and_annotations() {
    let (_simulator, client) = visp().await;
    let search = FrameSearch {
        template: Some("Batch".to_owned()),
        ..FrameSearch::default()
    };
    let batches = client.search_batches(&search).await.unwrap();
    assert_eq!(batches.len(), 57);
    let batch = &batches[3];
    let phases = client.phases(&batch.web_id).await.unwrap();
    let mut counts = BTreeMap::new();
    count(batch, &phases, &mut counts);
    assert_eq!(counts["UnitProcedure"], 1);
    assert!(
        counts["Operation"] >= 2 && counts["Phase"] >= counts["Operation"],
        "{counts:?}"
    );
    // Phases do not change what is found at the top, and are found where they are asked for.
    let all_levels = FrameSearch {
        template: Some("Phase".to_owned()),
        all_levels: true,
        ..FrameSearch::default()
    };
    let found = client.search_batches(&all_levels).await.unwrap();
    assert!(found.len() >= 57 * counts["Operation"], "{}", found.len());
    let metadata = client
        .batch_metadata(&[&batch.web_id])
        .await
        .unwrap()
        .remove(0);
    assert!(metadata.len() >= 2, "{metadata:?}");
    assert!(
        metadata
            .iter()
            .all(|attribute| !attribute.text().is_empty()),
        "{metadata:?}"
    );
    let mut annotated = Vec::new();
    for batch in &batches {
        annotated.extend(client.annotations(&batch.web_id).await.unwrap());
    }
    assert!(!annotated.is_empty());
    assert!(
        annotated
            .iter()
            .all(|one| one.value == "Sample taken for the laboratory."
                || one.description == "Sample taken for the laboratory."
                || one.name == "Sample taken for the laboratory."),
        "{annotated:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_autoclave_is_a_vessel() {
    let (_simulator, client) = visp().await;
    let line = client.template_line("autoclave").await.unwrap();
    assert_eq!(
        line.iter()
            .map(|template| template.name.as_str())
            .collect::<Vec<_>>(),
        ["Autoclave", "Vessel"]
    );
    let tags = client.template_tags(&line[0].web_id).await.unwrap();
    let of = |name: &str| tags.iter().filter(|tag| tag.defined_by == name).count();
    assert!(of("Autoclave") > 0 && of("Vessel") > 0, "{tags:?}");
    assert_eq!(
        client.template_tags(&line[1].web_id).await.unwrap().len(),
        of("Vessel")
    );
}

/// A frame as the wire has it.
fn frame(id: &str, name: &str, minute: u8, has_children: bool) -> serde_json::Value {
    json!({
        "WebId": id, "Name": name, "TemplateName": "Phase", "HasChildren": has_children,
        "StartTime": format!("2026-01-01T00:{minute:02}:00Z"), "EndTime": "9999-12-31T23:59:59.9999999Z",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn phases_are_read_level_by_level_and_kept_in_their_order() {
    let server = Scripted::start(|asked| {
        let level = match asked.before {
            0 => json!({ "0": { "Status": 200, "Content": { "Items": [frame("b", "Drying", 30, true), frame("a", "Charging", 0, true)] } } }),
            1 => json!({
                "0": { "Status": 200, "Content": { "Items": [frame("d", "Heat", 31, false), frame("e", "Cool", 50, false)] } },
                "1": { "Status": 200, "Content": { "Items": [frame("c", "Fill", 5, false)] } },
            }),
            _ => return (500, json!({})),
        };
        (207, level)
    })
    .await;
    let phases = server.client().phases("F1FmBatch").await.unwrap();
    let shown: Vec<(&str, Vec<&str>)> = phases
        .iter()
        .map(|phase| {
            (
                phase.frame.name.as_str(),
                phase
                    .phases
                    .iter()
                    .map(|below| below.frame.name.as_str())
                    .collect(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [("Charging", vec!["Fill"]), ("Drying", vec!["Heat", "Cool"])]
    );
    assert_eq!(phases[0].frame.end, None);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_show_what_they_inherit_and_from_where() {
    let server = Scripted::start(|asked| {
        let path = |name: &str| format!(r"\\AF\DB\ElementTemplates[{name}]");
        match asked.target.as_str() {
            one if one.contains("/attributetemplates") => (200, json!({ "Items": [
                { "WebId": "1", "Name": "Level", "Path": path("Vessel") + "|Level", "Type": "Double", "DefaultUnitsNameAbbreviation": "L" },
                { "WebId": "2", "Name": "Torque", "Path": path("Dryer") + "|Torque" },
            ] })),
            one if one.contains("/elementtemplates") => (200, json!({ "Items": [
                { "WebId": "a", "Name": "Vessel", "BaseTemplate": "" },
                { "WebId": "b", "Name": "Dryer", "BaseTemplate": "vessel" },
                { "WebId": "c", "Name": "Chicken", "BaseTemplate": "Egg" },
                { "WebId": "d", "Name": "Egg", "BaseTemplate": "Chicken" },
            ] })),
            _ => (200, json!({ "WebId": "db", "Name": "DB" })),
        }
    })
    .await;
    let client = server.client();
    let line = client.template_line("Dryer").await.unwrap();
    assert_eq!(
        line.iter()
            .map(|template| template.name.as_str())
            .collect::<Vec<_>>(),
        ["Dryer", "Vessel"]
    );
    let tags = client.template_tags("b").await.unwrap();
    assert_eq!(
        (tags[0].defined_by.as_str(), tags[0].unit.as_str()),
        ("Vessel", "L")
    );
    assert_eq!(tags[1].defined_by, "Dryer");
    assert!(
        server
            .asked()
            .last()
            .unwrap()
            .target
            .contains("showInherited=true")
    );
    let error = client.template_line("Egg").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the template Egg does not exist on the PI server"
    );
}

/// Answers a list of 2,500 objects, wrongly in one way.
async fn list(wrong: &'static str) -> Result<usize, PiError> {
    let server = Scripted::start(move |asked| {
        let start: usize = asked.parameter("startIndex").unwrap().parse().unwrap();
        let shown = if wrong == "repeats" && start == 1000 { 0 } else { start };
        let items: Vec<_> = (shown..(shown + 1000).min(2500))
            .map(|place| json!({ "WebId": format!("F1Em{place}"), "Name": place.to_string() }))
            .collect();
        let next = match wrong {
            "skips" => start + 1500,
            "stays" => start,
            _ => start + items.len(),
        };
        let mut answer = json!({ "Items": items });
        if wrong != "no links" && next < 2500 {
            answer["Links"] = json!({ "Next": format!("http://elsewhere.example/piwebapi/elements?startIndex={next}&maxCount=1000") });
        }
        if wrong == "empty" {
            answer["Items"] = json!([]);
        }
        (200, answer)
    })
    .await;
    server
        .client()
        .elements("F1EmX")
        .await
        .map(|elements| elements.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_followed_and_a_server_that_repeats_or_skips_one_is_noticed() {
    assert_eq!(list("").await.unwrap(), 2500);
    assert_eq!(list("no links").await.unwrap(), 2500);
    for (wrong, words) in [
        (
            "repeats",
            "the element: the server lists an object twice, at place 1000",
        ),
        (
            "skips",
            "the element: after 1000 objects the server goes on at 1500",
        ),
        (
            "stays",
            "the element: after 1000 objects the server goes on at 0",
        ),
        (
            "empty",
            "the element: the server sends empty pages without end",
        ),
    ] {
        let error = list(wrong).await.unwrap_err();
        assert!(matches!(error, PiError::Interrupted(_)), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_without_a_readable_time_is_named_and_not_left_out() {
    let server = Scripted::start(|_| {
        let mut broken = frame("a", "B-17", 0, false);
        broken["EndTime"] = json!("soon");
        (200, json!({ "Items": [broken] }))
    })
    .await;
    let error = server
        .client()
        .batches("F1EmX", &dcp::pi::BatchFilter::default())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the answer is incomplete: the batch B-17 has no readable end: 'soon'"
    );
}

#[tokio::test]
async fn a_batch_that_cannot_be_read_is_named_and_the_others_are_listed() {
    let server = Scripted::start(|asked| {
        if asked.target.starts_with("/piwebapi/batch") {
            let lot = json!({ "Name": "Lot", "Value": { "Value": "L1", "Good": true } });
            let read = json!({ "Status": 200, "Content": { "Links": {}, "Items": [lot] } });
            let refused = json!({ "Status": 403, "Content": { "Errors": ["No."] } });
            return (207, json!({ "0": read, "1": refused }));
        }
        let frame = |name: &str, start: &str| {
            json!({
                "WebId": name, "Name": name, "StartTime": start, "EndTime": "2026-01-02T00:00:00Z", "TemplateName": "Batch",
                "HasChildren": false, "RefElementWebIds": [],
            })
        };
        let frames = [
            frame("B1", "2026-01-01T00:00:00Z"),
            frame("B2", "some day"),
            frame("B3", "2026-01-01T12:00:00Z"),
        ];
        (200, json!({ "Links": {}, "Items": frames }))
    })
    .await;
    let now = "2026-02-01T00:00:00Z".parse().unwrap();
    let client = server.client();
    let listed = client
        .listed_batches("unit", &BatchFilter::default(), 10, now)
        .await;
    let listed = serde_json::to_value(listed.unwrap()).unwrap();
    let of = |place: usize| {
        (
            &listed["items"][place]["id"],
            &listed["items"][place]["attributes"],
        )
    };
    assert_eq!(of(0), (&json!("B1"), &json!({ "Lot": "L1" })));
    assert_eq!(of(1), (&json!("B3"), &json!({})));
    let unreadable = [
        json!({ "id": "B2", "detail": "B2: the answer is incomplete: the batch B2 has no readable start: 'some day'." }),
        json!({ "id": "B3", "detail": "B3: the account may not read the attributes of the batch." }),
    ];
    assert_eq!(listed["unreadable"], json!(unreadable));
}
