//! Limits, pages, forms of `WebIDs`, chosen fields and sort orders, case by case.

use pi_simulator::Settings;
use serde_json::Value;

use crate::{Caller, DRYER_1, names};

fn count(list: &Value) -> usize {
    list["Items"].as_array().unwrap().len()
}

#[tokio::test]
async fn more_than_the_server_allows_is_refused_and_less_is_cut_silently() {
    let caller = Caller::start().await;
    let tag = caller.web_id("points", r"\\PIMAM\SINUSOID").await;
    let element = caller.web_id("elements", DRYER_1).await;
    for (path, parameter) in [
        (format!("/streams/{tag}/recorded"), "maxCount"),
        (format!("/elements/{element}/eventframes"), "maxCount"),
        (format!("/elements/{element}/attributes"), "maxCount"),
    ] {
        for (asked, status) in [("150000", 200), ("150001", 400), ("-1", 400), ("x", 400)] {
            let (answered, body) = caller.get(&path, &[(parameter, asked)]).await;
            assert_eq!(answered, status, "{path} {asked}");
            if asked == "150001" {
                let text = body["Errors"][0].as_str().unwrap();
                assert!(
                    text.contains(parameter) && text.contains("150000"),
                    "{text}"
                );
            }
        }
    }
    let path = format!("/streams/{tag}/recorded");
    let cut = caller.good(&path, &[("startTime", "*-5d")]).await;
    assert_eq!((count(&cut), &cut["Links"]["Next"]), (1000, &Value::Null));
    let grid = [("startTime", "*-5d"), ("interval", "1s")];
    let (status, _) = caller
        .get(&format!("/streams/{tag}/interpolated"), &grid)
        .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_lower_limit_holds_for_all_and_is_told() {
    let caller = Caller::of(Settings {
        most: Some(50),
        ..Settings::default()
    })
    .await;
    let told = caller.good("/system/configuration", &[]).await;
    assert_eq!(told["MaxReturnedItemsPerCall"], 50);
    let tag = caller.web_id("points", r"\\PIMAM\SINUSOID").await;
    let path = format!("/streams/{tag}/recorded");
    assert_eq!(count(&caller.good(&path, &[]).await), 50);
    assert_eq!(caller.get(&path, &[("maxCount", "51")]).await.0, 400);
}

#[tokio::test]
async fn every_object_is_found_by_every_form_of_its_web_id() {
    let caller = Caller::start().await;
    for (controller, path) in [
        ("assetservers", r"\\PIAF"),
        ("dataservers", r"\\PIServers[PIMAM]"),
        ("assetdatabases", r"\\PIAF\Visp"),
        ("elements", DRYER_1),
        ("attributes", r"\\PIAF\Basel\Basel\Drying\Dryer 1|DryerTemp"),
        ("eventframes", r"\\PIAF\Basel\EventFrames[DR1-2026-009]"),
        (
            "eventframes",
            r"\\PIAF\Visp\EventFrames[NY1-009]\Polymerize\Finish",
        ),
        (
            "attributes",
            r"\\PIAF\Basel\EventFrames[DR1-2026-009]|BatchID",
        ),
        ("elementtemplates", r"\\PIAF\Basel\ElementTemplates[Dryer]"),
        (
            "attributetemplates",
            r"\\PIAF\Basel\ElementTemplates[Dryer]|DryerTemp",
        ),
        ("points", r"\\PIMAM\CDT158"),
        (
            "enumerationsets",
            r"\\PIServers[PIMAM]\EnumerationSets[Modes]",
        ),
        (
            "enumerationvalues",
            r"\\PIServers[PIMAM]\EnumerationSets[Modes]\Cascade",
        ),
        (
            "enumerationsets",
            r"\\PIAF\Visp\EnumerationSets[BatchResults]",
        ),
        ("tables", r"\\PIAF\Visp\Tables[Recipe]"),
        ("units", r"\\PIAF\UOMDatabase[bar]"),
    ] {
        let full = caller.web_id(controller, path).await;
        let mut forms = Vec::new();
        for form in ["Full", "IDOnly", "PathOnly", "LocalIDOnly", "DefaultIDOnly"] {
            let query = [("webIdType", form)];
            let shown = caller.good(&format!("/{controller}/{full}"), &query).await;
            let id = shown["WebId"].as_str().unwrap();
            let link = shown["Links"]["Self"].as_str().unwrap();
            assert!(link.ends_with(id), "{link} {id}");
            let found = caller.good(&format!("/{controller}/{id}"), &[]).await;
            assert_eq!(found["WebId"], full.as_str(), "{path} {form}");
            forms.push(id.chars().next().unwrap());
        }
        assert_eq!(forms, ['F', 'I', 'P', 'L', 'D'], "{path}");
    }
    let (status, _) = caller.get("/dataservers", &[("webIdType", "Other")]).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn of_several_objects_those_that_are_not_there_have_an_exception() {
    let caller = Caller::start().await;
    let tag = caller.web_id("points", r"\\PIMAM\CDT158").await;
    let both = [
        ("webId", tag.as_str()),
        ("path", r"\\PIMAM\NONE"),
        ("includeMode", "All"),
    ];
    for (mode, status, found) in [
        ("All", 207, 2),
        ("ItemsWithException", 207, 1),
        ("ItemsWithoutException", 200, 1),
    ] {
        let query = [both[0], both[1], ("includeMode", mode)];
        let (answered, body) = caller.get("/points/multiple", &query).await;
        assert_eq!((answered, count(&body)), (status, found), "{mode}");
    }
    let (_, body) = caller.get("/points/multiple", &both).await;
    assert_eq!(body["Items"][0]["Object"]["Name"], "CDT158");
    assert_eq!(body["Items"][1]["IdentifierType"], "Path");
    assert!(body["Items"][1]["Exception"]["Errors"].is_array());
}

#[tokio::test]
async fn only_the_chosen_fields_are_told() {
    let caller = Caller::start().await;
    let element = caller.web_id("elements", DRYER_1).await;
    let path = format!("/elements/{element}/attributes");
    for (fields, links, item) in [
        ("Items.Name", None, Some(1)),
        ("items.name;ITEMS.webid", None, Some(2)),
        ("Links", Some(3), None),
        ("Links.First;Items.Links.Self", Some(1), Some(1)),
        ("Nothing", None, None),
    ] {
        let query = [("selectedFields", fields), ("maxCount", "3")];
        let answer = caller.good(&path, &query).await;
        let members = |value: &Value| value.as_object().map(serde_json::Map::len);
        assert_eq!(members(&answer["Links"]), links, "{fields}");
        assert_eq!(members(&answer["Items"][0]), item, "{fields}");
    }
}

#[tokio::test]
async fn lists_come_in_the_order_that_is_asked_for() {
    let caller = Caller::start().await;
    let element = caller.web_id("elements", DRYER_1).await;
    let path = format!("/elements/{element}/attributes");
    let up = caller.good(&path, &[]).await;
    let mut sorted = names(&up);
    sorted.sort_unstable();
    assert_eq!(names(&up), sorted);
    let down = caller.good(&path, &[("sortOrder", "Descending")]).await;
    sorted.reverse();
    assert_eq!(names(&down), sorted);
    let by = |field: &'static str| [("sortField", field), ("startTime", "*-400d")];
    let told = caller.good(&path, &by("Description")).await;
    assert_eq!(names(&told)[0], "DifferentialPressure");
    assert_eq!(caller.get(&path, &by("Colour")).await.0, 400);
    let path = format!("/elements/{element}/eventframes");
    let frames = caller.good(&path, &by("StartTime")).await;
    assert_eq!(names(&frames)[0], "DR1-2026-001");
    assert_eq!(caller.get(&path, &by("Colour")).await.0, 400);
    let sine = caller.web_id("points", r"\\PIMAM\SINUSOID").await;
    let mode = caller.web_id("points", r"\\PIMAM\CDM158").await;
    let both = [("webId", sine.as_str()), ("webId", &mode)];
    let plain = caller.good("/streamsets/value", &both).await;
    assert_eq!(names(&plain), ["SINUSOID", "CDM158"]);
    let query = [both[0], both[1], ("sortField", "Name")];
    let ordered = caller.good("/streamsets/value", &query).await;
    assert_eq!(names(&ordered), ["CDM158", "SINUSOID"]);
    let query = [both[0], both[1], ("summaryType", "Average")];
    let summaries = caller.good("/streamsets/summary", &query).await;
    assert_eq!(summaries["Items"][0]["Items"][0]["Value"]["Good"], true);
    let failed = &summaries["Items"][1]["Items"][0]["Value"];
    assert_eq!(
        (&failed["Good"], failed["Errors"].is_array()),
        (&Value::Bool(false), true)
    );
}
