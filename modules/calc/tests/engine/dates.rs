//! Dates, instants and factors: texts in JSON, classes in R.

use crate::support::Engine;
use serde_json::{Value, json};

const SCRIPT: &str = r#"
#' Says what it was given, and gives it back.
#' @param day [Date] A day, or several.
#' @param at [POSIXct(1..3)] Instants.
#' @param level [factor, one of low|mid|high, null] Levels.
#' @cache pure
told <- function(day, at = Sys.time(), level = NULL)
  list(class = I(class(day)), n = unclass(day), day = day, at_class = I(class(at)), zone = attr(at, "tzone"), at = I(at), s = I(unclass(at)[seq_along(at)]),
       levels = levels(level), codes = as.integer(level))

window <- function(from = as.Date("2026-01-01"), to = Sys.Date() + 7, start = as.POSIXct("2026-01-01 06:00", tz = "UTC"), end = base::Sys.time(),
                   noon = ISOdate(2026, 1, 1), days = c(as.Date("2026-01-01"), as.Date("2026-02-01")), apart = Sys.Date() - as.Date("2026-01-01"),
                   note = format(Sys.Date()), unknown = as.Date(NA)) {
  list(from = from, start = start, note = note)
}
day_of <- function() as.Date("2026-01-31")
now_of <- function() as.POSIXct("2026-01-31 08:00:00.25", tz = "Europe/Berlin")
plain <- function(x) list(class = I(class(x)), value = x)
table_of <- function() data.frame(day = as.Date(c("2026-01-31", NA)), at = as.POSIXct(c(0.5, 1e9), origin = "1970-01-01", tz = "UTC"), text = c("2026-01-31", "x"))
#' @param d [data.frame(day = Date, at = POSIXct, lot = factor, dose = numeric)] A table.
declared <- function(d) list(classes = lapply(d, class), d = d)
#' @param d [data.frame(day = Date)] A table.
counted <- function(d) list(class = class(d), rows = nrow(d), day = class(d$day), text = class(d$text))
columns <- function(d) list(classes = lapply(d, class), d = d)
others <- function() list(days = structure(1:2, class = "Date"), broken = as.POSIXlt("2026-07-01 12:00:00", tz = "America/New_York"),
                          large = structure(c(2^-1074, -0), class = "integer64"))
wide <- function() structure(readBin(as.raw(c(1, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0x80)), "double", 2), class = "integer64")
"#;

pub(crate) async fn engine() -> Engine {
    let engine = Engine::start().await;
    let published = engine.publish("d", SCRIPT).await;
    assert_eq!(published.status, 200, "{}", published.text);
    engine
}

#[tokio::test]
async fn a_declared_date_has_its_class_in_r_and_comes_back_as_it_went() {
    let engine = engine().await;
    let body = json!({ "day": ["2026-01-31", null, "1969-12-31"], "at": ["2026-01-31T08:00:00.123456Z", "2026-01-31T09:00:00+01:00"],
        "level": ["high", null, "low"] });
    let told = engine.call("d/told", body.to_string()).await.value();
    assert_eq!(told["class"], json!(["Date"]));
    assert_eq!(told["n"], json!([20484, null, -1]));
    assert_eq!(told["day"], body["day"]);
    assert_eq!(told["at_class"], json!(["POSIXct", "POSIXt"]));
    assert_eq!(told["zone"], json!("UTC"));
    assert_eq!(
        told["at"],
        json!(["2026-01-31T08:00:00.123456Z", "2026-01-31T08:00:00Z"])
    );
    assert_eq!(told["s"], json!([1_769_846_400.123_456, 1_769_846_400]));
    assert_eq!(told["levels"], json!(["low", "mid", "high"]));
    assert_eq!(told["codes"], json!([3, null, 1]));
    let alone = engine
        .call(
            "d/told",
            r#"{"day":"2026-02-28","at":"2026-01-31T08:00:00.5Z"}"#,
        )
        .await
        .value();
    assert_eq!(
        (&alone["day"], &alone["at"]),
        (&json!("2026-02-28"), &json!(["2026-01-31T08:00:00.500Z"]))
    );
    assert_eq!(alone["codes"], json!([]));
}

#[tokio::test]
async fn equal_instants_are_one_computation_and_other_ones_are_not() {
    let engine = engine().await;
    let call = async |at: &str| {
        let body = json!({ "day": "2026-01-31", "at": at }).to_string();
        engine.call("d/told", body).await
    };
    let first = call("2026-01-31T08:00:00Z").await;
    assert_eq!(
        first.headers["cache-status"]
            .to_str()
            .unwrap()
            .split(';')
            .nth(1),
        Some(" fwd=miss")
    );
    let again = call("2026-01-31T09:00:00.000+01:00").await;
    assert_eq!(
        again.headers["cache-status"]
            .to_str()
            .unwrap()
            .split(';')
            .nth(1),
        Some(" hit")
    );
    let key = |answer: &crate::support::Answer| answer.json()["call"]["computation_key"].clone();
    assert_eq!(key(&first), key(&again));
    assert_ne!(key(&first), key(&call("2026-01-31T08:00:01Z").await));
}

#[tokio::test]
async fn what_is_no_date_is_refused_at_its_place_before_r_is_asked() {
    let engine = engine().await;
    let body = json!({ "day": ["2026-01-31", "2026-02-30"], "at": "2026-01-31T08:00:00", "level": "huge" });
    let answer = engine.call("d/told", body.to_string()).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (422, "invalid-arguments")
    );
    assert_eq!(
        answer.json()["errors"],
        json!([
            { "pointer": "/day/1", "detail": "is no day of the calendar: 2026-02 has 28 days" },
            { "pointer": "/at", "detail": "has no offset from UTC: end it with Z for UTC, or with the offset of the place, such as +01:00" },
            { "pointer": "/level", "detail": "must be one of low, mid, high" },
        ])
    );
    // Deep in a value that declares nothing it is R's worker that says so.
    let answer = engine
        .call("d/plain", r#"{"x":[{"$date":"2026-02-30"}]}"#)
        .await;
    assert_eq!(
        (answer.status, &answer.json()["errors"][0]["pointer"]),
        (422, &json!("/x"))
    );
    assert!(
        answer.text.contains("no day of the calendar"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn defaults_show_dates_and_nothing_else_changes() {
    let engine = engine().await;
    let published = engine.publish("d", SCRIPT).await.json();
    let functions = published["functions"].as_array().unwrap();
    let of = |name: &str| functions.iter().find(|one| one["name"] == name).unwrap();
    let properties = &of("window")["schema"]["properties"];
    for (name, format) in [
        ("from", "date"),
        ("to", "date"),
        ("days", "date"),
        ("unknown", "date"),
        ("start", "date-time"),
        ("end", "date-time"),
        ("noon", "date-time"),
    ] {
        let schema = &properties[name];
        assert_eq!(schema["format"], json!(format), "{name}: {schema}");
        assert_eq!(schema["items"]["format"], json!(format), "{name}: {schema}");
        assert_eq!(schema["type"], json!(["string", "array"]), "{name}");
    }
    assert_eq!(properties["from"]["default"], json!("2026-01-01"));
    assert_eq!(
        properties["start"]["default"],
        json!("2026-01-01T06:00:00Z")
    );
    assert_eq!(
        properties["days"]["default"],
        json!(["2026-01-01", "2026-02-01"])
    );
    for name in ["to", "end", "unknown"] {
        assert_eq!(properties[name]["default"], Value::Null, "{name}");
    }
    for name in ["apart", "note"] {
        assert_eq!(properties[name], json!({}), "{name}");
    }
    assert_eq!(of("plain")["schema"]["properties"]["x"], json!({}));
    let given = engine
        .call("d/window", r#"{"from":"2026-03-01","note":"2026-03-01"}"#)
        .await
        .value();
    assert_eq!(
        given,
        json!({ "from": "2026-03-01", "start": "2026-01-01T06:00:00Z", "note": "2026-03-01" })
    );
    let version = published["version"].as_str().unwrap();
    let document = engine
        .get(&format!("/scripts/d/versions/{version}/openapi.json"))
        .await
        .json();
    let request =
        &document["paths"][format!("/api/calc/r/d@{version}/told")]["post"]["requestBody"];
    let day = &request["content"]["application/json"]["schema"]["properties"]["day"]["anyOf"][0];
    assert_eq!(
        (&day["format"], &day["items"]["format"]),
        (&json!("date"), &json!("date"))
    );
}

#[tokio::test]
async fn a_result_that_was_a_date_is_one_where_a_date_is_declared() {
    let engine = engine().await;
    for (function, parameter, class, text) in [
        ("day_of", "day", "class", json!("2026-01-31")),
        (
            "now_of",
            "at",
            "at_class",
            json!("2026-01-31T07:00:00.250Z"),
        ),
    ] {
        let made = engine.call(&format!("d/{function}"), "{}").await.json();
        assert_eq!(made["value"], text);
        let mut body = json!({ "day": "2026-01-01" });
        body[parameter] = json!({ "$result": made["call"]["result_key"] });
        let told = engine.call("d/told", body.to_string()).await.value();
        let classes = if parameter == "day" {
            json!(["Date"])
        } else {
            json!(["POSIXct", "POSIXt"])
        };
        assert_eq!(told[class], classes);
        assert_eq!(
            told[parameter]
                .as_array()
                .map_or(&told[parameter], |all| &all[0]),
            &text
        );
    }
}

#[tokio::test]
async fn a_result_that_was_a_data_frame_is_one_where_one_is_declared() {
    let engine = engine().await;
    let counted = async |made: Value| {
        let body = json!({ "d": { "$result": made["call"]["result_key"] } });
        engine.call("d/counted", body.to_string()).await
    };
    let table = engine.call("d/table_of", "{}").await.json();
    assert_eq!(
        counted(table).await.value(),
        json!({ "class": "data.frame", "rows": 2, "day": "Date", "text": "character" })
    );
    let date = engine.call("d/day_of", "{}").await.json();
    let refused = counted(date).await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["pointer"]),
        (422, &json!("/d"))
    );
    let other = engine.call("d/others", "{}").await.json();
    let refused = counted(other).await;
    let told = refused.json();
    let said = &told["errors"][0];
    assert_eq!(
        (refused.status, &said["pointer"], &said["detail"]),
        (422, &json!("/d/$frame"), &json!("has no column day"))
    );
}

#[tokio::test]
async fn marked_values_are_taken_anywhere_and_unmarked_ones_stay_texts() {
    let engine = engine().await;
    let class = async |value: Value| {
        let body = json!({ "x": value }).to_string();
        engine.call("d/plain", body).await.value()["class"].clone()
    };
    assert_eq!(class(json!("2026-01-31")).await, json!(["character"]));
    assert_eq!(
        class(json!({ "$date": "2026-01-31" })).await,
        json!(["Date"])
    );
    assert_eq!(
        class(json!({ "$instant": ["2026-01-31T08:00:00Z"] })).await,
        json!(["POSIXct", "POSIXt"])
    );
    assert_eq!(
        class(json!({ "$factor": ["a", "b"] })).await,
        json!(["factor"])
    );
    let frame = json!({ "d": { "$frame": { "day": { "$date": ["2026-01-31", null] }, "at": { "$instant": ["2026-01-31T08:00:00-05:00", null] },
        "lot": { "$factor": ["b", "a"], "levels": ["b", "a"] }, "text": ["2026-01-31", "x"] } } });
    let told = engine.call("d/columns", frame.to_string()).await.value();
    assert_eq!(
        told["classes"],
        json!({ "day": "Date", "at": ["POSIXct", "POSIXt"], "lot": "factor", "text": "character" })
    );
    assert_eq!(
        told["d"],
        json!({ "day": ["2026-01-31", null], "at": ["2026-01-31T13:00:00Z", null], "lot": ["b", "a"], "text": ["2026-01-31", "x"] })
    );
}

#[tokio::test]
async fn declared_columns_have_their_classes_in_r() {
    let engine = engine().await;
    let columns = json!({ "day": ["2026-01-31", null], "at": ["2026-01-31T08:00:00+01:00", null], "lot": ["b", "a"], "dose": [1, null], "more": ["x", "y"] });
    let body = json!({ "d": { "$frame": columns } });
    let told = engine.call("d/declared", body.to_string()).await.value();
    assert_eq!(
        told["classes"],
        json!({ "day": "Date", "at": ["POSIXct", "POSIXt"], "lot": "factor", "dose": "numeric", "more": "character" })
    );
    assert_eq!(told["d"]["at"], json!(["2026-01-31T07:00:00Z", null]));
    let wrong = body.to_string().replace("2026-01-31T08", "2026-02-31T08");
    let refused = engine.call("d/declared", wrong).await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["pointer"]),
        (422, &json!("/d/$frame/at/0"))
    );
}

#[tokio::test]
async fn other_classes_of_numbers_are_told_as_what_they_are() {
    let engine = engine().await;
    assert_eq!(
        engine.call("d/others", "{}").await.value(),
        json!({ "days": ["1970-01-02", "1970-01-03"], "broken": "2026-07-01T16:00:00Z", "large": [1, Value::Null] })
    );
    // A whole number that a double does not hold is a text, so that no reader rounds it.
    assert_eq!(
        engine.call("d/wide", "{}").await.value(),
        json!(["9007199254740993", null])
    );
}
