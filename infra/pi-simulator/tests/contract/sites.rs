//! The sites beside the dryers: phases, metadata, flaws, searches, and the large tree.

use pi_simulator::Settings;
use pi_simulator::chromatography::{self, CHANNELLING};
use serde_json::{Value, json};

use crate::{Caller, names};

const AUTOCLAVE: &str = r"\\PIAF\Visp\Visp\Polymerization\Autoclave 1";
const SKID: &str = r"\\PIAF\Stein\Stein\Downstream\Skid 1";

fn items(list: &Value) -> &Vec<Value> {
    list["Items"].as_array().unwrap()
}

#[tokio::test]
async fn a_batch_has_its_parts_below_it_and_only_batches_are_found_at_the_top() {
    let caller = Caller::start().await;
    let database = caller.web_id("assetdatabases", r"\\PIAF\Visp").await;
    let path = format!("/assetdatabases/{database}/eventframes");
    let top = [("startTime", "*-400d")];
    let batches = caller.good(&path, &top).await;
    assert_eq!(items(&batches).len(), 57);
    assert!(names(&batches).iter().all(|name| name.starts_with("NY1-")));
    let deep = [
        top[0],
        ("searchFullHierarchy", "true"),
        ("maxCount", "5000"),
    ];
    let all = caller.good(&path, &deep).await;
    assert_eq!(items(&all).len(), 57 * 9);
    let query = [
        top[0],
        ("searchFullHierarchy", "true"),
        ("templateName", "Phase"),
    ];
    assert_eq!(items(&caller.good(&path, &query).await).len(), 57 * 5);
    let frame = &items(&batches)[4];
    assert_eq!(frame["HasChildren"], true);
    let mut id = frame["WebId"].as_str().unwrap().to_owned();
    let mut limits = (frame["StartTime"].clone(), frame["EndTime"].clone());
    for wanted in [vec!["Polymerize"], vec!["Finish", "Reaction"]] {
        let parts = caller
            .good(&format!("/eventframes/{id}/eventframes"), &top)
            .await;
        assert_eq!(names(&parts), wanted);
        let first = items(&parts).last().unwrap();
        assert_eq!(first["StartTime"], limits.0);
        limits = (first["StartTime"].clone(), first["EndTime"].clone());
        assert!(first["Links"]["Parent"].as_str().unwrap().ends_with(&id));
        id = first["WebId"].as_str().unwrap().to_owned();
    }
    let stages = caller
        .good(&format!("/eventframes/{id}/eventframes"), &top)
        .await;
    assert_eq!(names(&stages), ["Stage 1", "Stage 2", "Stage 3"]);
    for pair in items(&stages).windows(2) {
        assert_eq!(pair[0]["EndTime"], pair[1]["StartTime"]);
    }
    let search = |query: &'static str| [("databaseWebId", database.as_str()), ("query", query)];
    let found = caller
        .good("/eventframes/search", &search("'|BatchID':=N0007"))
        .await;
    assert_eq!(names(&found), ["NY1-007"]);
    let query = "Template:=Phase Name:='Stage 2' AllDescendants:=True SortField:=StartTime";
    let found = caller.good("/eventframes/search", &search(query)).await;
    assert_eq!(items(&found).len(), 57);
}

#[tokio::test]
async fn a_stage_is_where_its_tags_say_so() {
    let caller = Caller::start().await;
    let stage = r"\\PIAF\Visp\EventFrames[NY1-011]\Polymerize\Reaction\Stage 3";
    let frame = caller.good("/eventframes", &[("path", stage)]).await;
    let start = frame["StartTime"].as_str().unwrap();
    for (tag, expected) in [
        ("NY1.Stage", json!(3)),
        ("NY1.Phase", json!("Stage 3")),
        ("NY1.Tag01", json!(3.0)),
        (
            "NY1.State",
            json!({ "Name": "Running", "Value": 1, "IsSystem": false }),
        ),
    ] {
        let id = caller.web_id("points", &format!(r"\\PIMAM\{tag}")).await;
        let value = caller
            .good(&format!("/streams/{id}/value"), &[("time", start)])
            .await;
        assert_eq!(value["Value"], expected, "{tag}");
    }
}

#[tokio::test]
async fn every_flaw_is_where_it_is_told_to_be() {
    let caller = Caller::start().await;
    let frame = r"\\PIAF\Visp\EventFrames[NY1-003]";
    let frame = caller.good("/eventframes", &[("path", frame)]).await;
    let ends = [
        ("startTime", frame["StartTime"].as_str().unwrap()),
        ("endTime", frame["EndTime"].as_str().unwrap()),
    ];
    let tag = caller.web_id("points", r"\\PIMAM\NY1.Flawed").await;
    let flawed = caller
        .good(&format!("/streams/{tag}/recorded"), &ends)
        .await;
    let start: jiff::Timestamp = ends[0].1.parse().unwrap();
    let minutes = |keep: &dyn Fn(&Value) -> bool| -> Vec<i64> {
        let kept = items(&flawed).iter().filter(|value| keep(value));
        kept.map(|value| {
            let time: jiff::Timestamp = value["Timestamp"].as_str().unwrap().parse().unwrap();
            (time.as_second() - start.as_second()) / 60
        })
        .collect()
    };
    assert_eq!(
        minutes(&|value| value["Good"] == false),
        [20, 21, 22, 23, 24, 30]
    );
    assert_eq!(minutes(&|value| value["Questionable"] == true), [40]);
    assert_eq!(minutes(&|value| value["Substituted"] == true), [50]);
    assert_eq!(minutes(&|value| value["Annotated"] == true), [90]);
    let query = [ends[0], ends[1], ("associations", "Annotations")];
    let noted = caller
        .good(&format!("/streams/{tag}/recorded"), &query)
        .await;
    let kept = items(&noted)
        .iter()
        .map(|value| value["Annotations"].as_array().unwrap());
    assert_eq!(kept.filter(|notes| !notes.is_empty()).count(), 1);
    let all = minutes(&|_| true);
    assert_eq!(all.iter().filter(|minute| **minute == 80).count(), 3);
    assert!(!all.iter().any(|minute| (60..=75).contains(minute)));
}

#[tokio::test]
async fn metadata_annotations_tables_categories_and_units_are_told() {
    let caller = Caller::start().await;
    let frame = caller
        .web_id("eventframes", r"\\PIAF\Visp\EventFrames[NY1-040]")
        .await;
    let values = caller
        .good(&format!("/streamsets/{frame}/value"), &[])
        .await;
    let value = |name: &str| {
        let found = items(&values).iter().find(|item| item["Name"] == name);
        found.unwrap()["Value"]["Value"].clone()
    };
    assert_eq!(value("Campaign"), "C3");
    assert_eq!(value("Result")["Name"], "Released");
    let path = format!("/eventframes/{frame}/annotations");
    let notes = caller.good(&path, &[]).await;
    let note = caller.good(&format!("{path}/1"), &[]).await;
    assert_eq!(note, items(&notes)[0]);
    assert_eq!(caller.get(&format!("{path}/2"), &[]).await.0, 404);
    let table = caller.web_id("tables", r"\\PIAF\Visp\Tables[Recipe]").await;
    let data = caller.good(&format!("/tables/{table}/data"), &[]).await;
    assert_eq!(data["Columns"]["Minutes"], "Int32");
    assert_eq!(data["Rows"].as_array().unwrap().len(), 5);
    let unit = caller.web_id("elements", AUTOCLAVE).await;
    let path = format!("/elements/{unit}/attributes");
    let derived = caller.good(&path, &[("categoryName", "Derived")]).await;
    assert_eq!(
        names(&derived),
        ["Flawed", "Phase", "Stage", "State", "Volume"]
    );
    let volume = caller
        .web_id("attributes", &format!("{AUTOCLAVE}|Volume"))
        .await;
    let path = format!("/streams/{volume}/value");
    let converted = caller.good(&path, &[("desiredUnits", "m3")]).await;
    assert_eq!(
        (&converted["Value"], &converted["UnitsAbbreviation"]),
        (&json!(5.0), &json!("m3"))
    );
    assert_eq!(caller.get(&path, &[("desiredUnits", "bar")]).await.0, 409);
    let template = caller
        .web_id(
            "elementtemplates",
            r"\\PIAF\Visp\ElementTemplates[Autoclave]",
        )
        .await;
    let path = format!("/elementtemplates/{template}/attributetemplates");
    assert_eq!(items(&caller.good(&path, &[]).await).len(), 14);
    let inherited = caller.good(&path, &[("showInherited", "true")]).await;
    assert_eq!(names(&inherited).last(), Some(&"Volume"));
}

#[tokio::test]
async fn elements_and_attributes_are_found_by_queries_and_by_values() {
    let caller = Caller::start().await;
    let visp = caller.web_id("assetdatabases", r"\\PIAF\Visp").await;
    let search = |query: &'static str| [("databaseWebId", visp.as_str()), ("query", query)];
    let found = caller
        .good("/elements/search", &search("Template:=Vessel"))
        .await;
    assert_eq!(names(&found), ["Autoclave 1"]);
    let query = "Element:{ Name:='Autoclave*' } Name:=Tag0* Type:=Double SortOrder:=Descending";
    let found = caller.good("/attributes/search", &search(query)).await;
    assert_eq!((items(&found).len(), names(&found)[0]), (9, "Tag09"));
    let (status, _) = caller.get("/elements/search", &search("Colour:=red")).await;
    assert_eq!(status, 400);
    for (operator, count) in [("GreaterThan", 1), ("LessThan", 0)] {
        let body = json!({ "SearchRoot": r"\\PIAF\Visp", "ElementTemplate": "Autoclave", "ValueQueries": [
            { "AttributeName": "Volume", "AttributeValue": 4000, "SearchOperator": operator } ] });
        let (status, location, found) = caller.post("/elements/searchbyattribute", &body).await;
        assert_eq!((status, items(&found).len()), (201, count));
        let again = caller.http.get(location.unwrap()).send().await.unwrap();
        let again: Value = again.json().await.unwrap();
        assert_eq!(again["Items"], found["Items"]);
    }
    let body = json!({ "SearchRoot": r"\\PIAF\Visp", "ValueQueries": [
        { "AttributeName": "Result", "AttributeValue": "Under review", "SearchOperator": "Equal" } ] });
    let (_, _, found) = caller.post("/eventframes/searchbyattribute", &body).await;
    assert_eq!(names(&found), ["NY1-056", "NY1-057"]);
}

#[tokio::test]
async fn calculations_are_what_their_parts_are_and_say_what_they_cannot() {
    let caller = Caller::start().await;
    let at =
        |expression: &'static str| [("expression", expression), ("time", "2026-11-01T03:00:00Z")];
    let sine = caller.web_id("points", r"\\PIMAM\SINUSOID").await;
    let alone = caller
        .good(
            &format!("/streams/{sine}/value"),
            &[("time", "2026-11-01T03:00:00Z")],
        )
        .await;
    let alone = alone["Value"].as_f64().unwrap();
    for (expression, expected) in [
        ("'SINUSOID' * 2 - 1", 2.0 * alone - 1.0),
        ("-(3 + 4) / 2", -3.5),
        ("Max(1, 'SINUSOID', 1000)", 1000.0),
        ("Sqr(Abs(0 - 16)) + Log10(100)", 6.0),
        ("'\\\\PIMAM\\SINUSOID' >= 0 and not (1 = 2)", 1.0),
    ] {
        let answer = caller.good("/calculation/times", &at(expression)).await;
        let value = items(&answer)[0]["Value"].as_f64().unwrap();
        assert!((value - expected).abs() < 1e-9, "{expression} {value}");
    }
    let failed = caller
        .good("/calculation/times", &at("1 / ('SINUSOID' - 'SINUSOID')"))
        .await;
    assert_eq!(
        (
            &items(&failed)[0]["Value"]["Name"],
            &items(&failed)[0]["Good"]
        ),
        (&json!("Calc Failed"), &json!(false))
    );
    for (expression, status) in [("'NONE'", 409), ("1 +", 400), ("Foo(1)", 400), ("(1", 400)] {
        let answer = caller.get("/calculation/times", &at(expression)).await;
        assert_eq!(answer.0, status, "{expression}");
    }
    let range = [
        ("expression", "'SINUSOID'"),
        ("startTime", "2026-11-01T00:00:00Z"),
        ("endTime", "2026-11-02T00:00:00Z"),
        ("sampleInterval", "1h"),
        ("summaryType", "Average"),
    ];
    let grid = caller.good("/calculation/intervals", &range).await;
    assert_eq!(items(&grid).len(), 25);
    let average = caller.good("/calculation/summary", &range).await;
    let average = items(&average)[0]["Value"]["Value"].as_f64().unwrap();
    assert!((average - 50.0).abs() < 0.1, "{average}");
    let recorded = format!("/streams/{sine}/recorded");
    let query = [
        range[1],
        range[2],
        ("filterExpression", "'.' > 90"),
        ("maxCount", "5000"),
    ];
    let high = caller.good(&recorded, &query).await;
    assert!(items(&high).len() > 100);
    assert!(
        items(&high)
            .iter()
            .all(|value| value["Value"].as_f64() > Some(90.0))
    );
    let query = [
        query[0],
        query[1],
        query[2],
        query[3],
        ("includeFilteredValues", "true"),
    ];
    let shown = caller.good(&recorded, &query).await;
    let filtered = items(&shown)
        .iter()
        .filter(|value| value["Value"]["Name"] == "Filtered");
    assert_eq!(filtered.count(), 3);
}

#[tokio::test]
async fn joined_streams_have_values_at_the_same_times() {
    let caller = Caller::start().await;
    let sine = caller.web_id("points", r"\\PIMAM\SINUSOID").await;
    let mode = caller.web_id("points", r"\\PIMAM\CDM158").await;
    let query = [
        ("baseWebId", sine.as_str()),
        ("subordinateWebId", &mode),
        ("startTime", "*-1h"),
    ];
    let joined = caller.good("/streamsets/joined", &query).await;
    assert_eq!(names(&joined), ["SINUSOID", "CDM158"]);
    let times = |place: usize| -> Vec<&Value> {
        let values = items(&items(&joined)[place]).iter();
        values.map(|value| &value["Timestamp"]).collect()
    };
    assert!(times(0).len() > 100 && times(0) == times(1));
}

#[tokio::test]
async fn the_transitions_of_the_skid_have_the_moments_that_are_told() {
    let caller = Caller::start().await;
    let unit = caller.web_id("elements", SKID).await;
    let query = [("startTime", "*-400d")];
    let cycles = caller
        .good(&format!("/elements/{unit}/eventframes"), &query)
        .await;
    assert_eq!(items(&cycles).len(), 120);
    let tag = caller
        .web_id("attributes", &format!("{SKID}|Conductivity"))
        .await;
    for cycle in [1, CHANNELLING, 120] {
        let path = format!(r"\\PIAF\Stein\EventFrames[SK1-{cycle:03}]\Purify\Release\Elute");
        let phase = caller
            .good("/eventframes", &[("path", path.as_str())])
            .await;
        let ends = [
            ("startTime", phase["StartTime"].as_str().unwrap()),
            ("endTime", phase["EndTime"].as_str().unwrap()),
            ("maxCount", "2000"),
        ];
        let recorded = caller
            .good(&format!("/streams/{tag}/recorded"), &ends)
            .await;
        let curve: Vec<f64> = items(&recorded)
            .iter()
            .map(|value| (value["Value"].as_f64().unwrap() - 5.0) / 50.0)
            .collect();
        assert_eq!(curve.len(), 901);
        // The mean is the area above the curve: two seconds are 1/300 of a column volume.
        let mean = curve.iter().map(|part| 1.0 - part).sum::<f64>() / 300.0;
        let told = chromatography::moments(cycle).mean;
        assert!((mean - told).abs() < 0.005, "{cycle} {mean} {told}");
    }
}

#[tokio::test]
async fn the_large_tree_has_100_000_elements_on_request_only() {
    let caller = Caller::start().await;
    let large = [("path", r"\\PIAF\Large")];
    assert_eq!(caller.get("/assetdatabases", &large).await.0, 404);
    let caller = Caller::of(Settings {
        large_tree: true,
        ..Settings::default()
    })
    .await;
    let database = caller.web_id("assetdatabases", large[0].1).await;
    let below = format!("/assetdatabases/{database}/elements");
    assert_eq!(items(&caller.good(&below, &[]).await).len(), 10);
    let query = [
        ("searchFullHierarchy", "true"),
        ("startIndex", "99990"),
        ("maxCount", "1000"),
        ("selectedFields", "Links.Next;Items.Name"),
    ];
    let last = caller.good(&below, &query).await;
    assert_eq!(
        (items(&last).len(), &last["Links"]["Next"]),
        (10, &Value::Null)
    );
    let line = r"\\PIAF\Large\Plant 3\Area 4\Line 5";
    let line = caller.web_id("elements", line).await;
    let devices = caller
        .good(&format!("/elements/{line}/elements"), &[])
        .await;
    assert!((98..=100).contains(&items(&devices).len()));
}
