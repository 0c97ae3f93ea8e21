//! Values in other units than their own.

use dcp::pi::PiError;
use jiff::Timestamp;
use pi_simulator::Settings;
use serde_json::json;

use crate::scripted::Scripted;
use crate::{DRYER_1, hours, start};

#[tokio::test(flavor = "multi_thread")]
async fn values_are_told_in_another_unit_by_the_server_bit_by_bit_as_its_table_says() {
    let (_simulator, client) = start(Settings::default()).await;
    let dryer = client.element_at(DRYER_1).await.unwrap();
    let tags = client.tags(&dryer.web_id).await.unwrap();
    let tag = &tags
        .iter()
        .find(|tag| tag.name == "DryerTemp")
        .unwrap()
        .web_id;
    let (end, start) = (Timestamp::now(), Timestamp::now() - hours(24));
    let own = client.recorded(&[tag], start, end).await.unwrap().remove(0);
    let other = client.recorded_in(tag, "°F", start, end).await.unwrap();
    assert!(own.len() > 100);
    assert_eq!((own.units.as_str(), other.units.as_str()), ("°C", "°F"));
    assert_eq!((&own.times, &own.status), (&other.times, &other.status));
    for (celsius, fahrenheit) in own.values.iter().zip(&other.values) {
        assert!(
            (celsius * 1.8 + 32.0 - fahrenheit).abs() < 1e-9,
            "{celsius} {fahrenheit}"
        );
    }
    let newest = client.value_in(tag, "K").await.unwrap();
    assert_eq!((newest.len(), newest.units.as_str()), (1, "K"));
    let last = client.values(&[tag]).await.unwrap().remove(0).values[0];
    assert!((newest.values[0] - last - 273.15).abs() < 1e-9);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_the_server_converts_as_the_server_does() {
    let (_simulator, client) = start(Settings::default()).await;
    let dryer = client.element_at(DRYER_1).await.unwrap();
    let tags = client.tags(&dryer.web_id).await.unwrap();
    let units = client.units_of_measure().await.unwrap();
    let mut compared = 0;
    for tag in &tags {
        let own = units
            .iter()
            .find(|unit| unit.abbreviation == tag.unit)
            .unwrap();
        let value = client
            .values(&[&tag.web_id])
            .await
            .unwrap()
            .remove(0)
            .values[0];
        for unit in units.iter().filter(|unit| unit.class == own.class) {
            let theirs = client
                .value_in(&tag.web_id, &unit.abbreviation)
                .await
                .unwrap()
                .values[0];
            let ours = own.convert(value, unit).unwrap();
            assert!(
                (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0),
                "{ours} {theirs} {unit:?}"
            );
            compared += 1;
        }
    }
    assert!(compared >= 25, "{compared}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_is_missing_or_measures_something_else_is_named() {
    let (_simulator, client) = start(Settings::default()).await;
    let dryer = client.element_at(DRYER_1).await.unwrap();
    let tags = client.tags(&dryer.web_id).await.unwrap();
    let tag = &tags
        .iter()
        .find(|tag| tag.name == "DryerTemp")
        .unwrap()
        .web_id;
    let error = client.value_in(tag, "bar").await.unwrap_err();
    assert!(matches!(error, PiError::Unit(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("the values are in °C and cannot be told in bar: "),
        "{error}"
    );
    assert_eq!(error.title(), "This unit cannot be used here");
    let unitless = client.point("SINUSOID").await.unwrap().web_id;
    let (end, start) = (Timestamp::now(), Timestamp::now() - hours(1));
    let error = client
        .recorded_in(&unitless, "bar", start, end)
        .await
        .unwrap_err();
    assert!(
        error.to_string().starts_with("the tag has no unit in PI"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_convert_is_not_believed() {
    let server = Scripted::start(|_| {
        let value = json!({ "Timestamp": "2026-01-01T00:00:00Z", "Value": 20.0, "Good": true, "UnitsAbbreviation": "°C" });
        (200, value)
    })
    .await;
    let error = server.client().value_in("F1DPx", "K").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server answers in '°C' where K was asked for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_units_of_the_asset_server_convert_as_it_does() {
    let server = Scripted::start(|asked| match asked.target.as_str() {
        path if path.starts_with("/piwebapi/assetservers?") => (200, json!({ "WebId": "F1RSa", "Name": "AF" })),
        path if path.starts_with("/piwebapi/assetservers/") => {
            (200, json!({ "Items": [{ "WebId": "F1UCa", "Name": "Temperature" }, { "WebId": "F1UCb", "Name": "Pressure" }] }))
        }
        _ => (207, json!({
            "0": { "Status": 200, "Content": { "Items": [
                { "Name": "kelvin", "Abbreviation": "K", "Factor": 1.0, "Offset": 0.0 },
                { "Name": "degree Celsius", "Abbreviation": "°C", "Factor": 1.0, "Offset": 273.15 },
                { "Name": "degree Fahrenheit", "Abbreviation": "°F", "Factor": 5.0 / 9.0, "Offset": 459.67 * 5.0 / 9.0 },
            ] } },
            "1": { "Status": 200, "Content": { "Items": [{ "Name": "bar", "Abbreviation": "bar", "Factor": 100_000.0, "Offset": 0.0 }] } },
        })),
    })
    .await;
    let units = server.client().units_of_measure().await.unwrap();
    let unit = |name: &str| units.iter().find(|unit| unit.abbreviation == name).unwrap();
    assert!((unit("°C").convert(100.0, unit("°F")).unwrap() - 212.0).abs() < 1e-9);
    assert_eq!(
        unit("K").convert(0.1, unit("K")).unwrap().to_bits(),
        0.1_f64.to_bits()
    );
    let error = unit("K").convert(1.0, unit("bar")).unwrap_err().to_string();
    assert_eq!(
        error,
        "K measures Temperature, bar measures Pressure: one cannot be told in the other"
    );
}
