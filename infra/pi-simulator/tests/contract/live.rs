//! Values that go on: updates by marker, channels, and what goes wrong with them.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::{Caller, names};

type Socket = WebSocketStream<TcpStream>;

async fn channel(caller: &Caller, path: &str) -> Result<Socket, Error> {
    let address = caller.simulator.address;
    let stream = TcpStream::connect(address).await.unwrap();
    let url = format!("ws://{address}/piwebapi{path}");
    tokio_tungstenite::client_async(url, stream)
        .await
        .map(|(socket, _)| socket)
}

/// The next message of a channel; a server that stays silent fails the test.
async fn next(socket: &mut Socket) -> Option<Result<Message, Error>> {
    tokio::time::timeout(Duration::from_secs(20), socket.next())
        .await
        .unwrap()
}

async fn message(socket: &mut Socket) -> Value {
    let message = next(socket).await.unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

#[tokio::test]
async fn updates_are_what_was_recorded_since_and_a_marker_can_be_asked_again() {
    let caller = Caller::start().await;
    let tag = caller.web_id("points", r"\\PIMAM\DEMO.SECONDS").await;
    let (status, location, first) = caller
        .post(&format!("/streams/{tag}/updates"), &json!(null))
        .await;
    assert_eq!(
        (status, &first["Status"], &first["SourceName"]),
        (200, &json!("Succeeded"), &json!("DEMO.SECONDS"))
    );
    let marker = first["LatestMarker"].as_str().unwrap().to_owned();
    assert_eq!((marker.len(), &marker[32..]), (34, "_0"));
    assert!(location.unwrap().ends_with(&marker));
    let path = format!("/streams/updates/{marker}");
    let updates = loop {
        let updates = caller.good(&path, &[]).await;
        if updates["Events"].as_array().unwrap().len() >= 2 {
            break updates;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(updates["RequestedMarker"], json!(marker));
    let events = updates["Events"].as_array().unwrap();
    assert_eq!(
        updates["LatestMarker"],
        json!(format!("{}_{}", &marker[..32], events.len()))
    );
    let query = [("startTime", events[0]["Timestamp"].as_str().unwrap())];
    let recorded = caller
        .good(&format!("/streams/{tag}/recorded"), &query)
        .await;
    for (event, value) in events.iter().zip(recorded["Items"].as_array().unwrap()) {
        assert_eq!(event["Action"], "Add");
        assert_eq!(
            (&event["Timestamp"], &event["Value"]),
            (&value["Timestamp"], &value["Value"])
        );
    }
    let again = caller.good(&path, &[]).await;
    assert_eq!(again["Events"][0], events[0]);
    let (_, _, second) = caller
        .post(&format!("/streams/{tag}/updates"), &json!(null))
        .await;
    assert_eq!(second["Status"], "AlreadyRegistered");
}

#[tokio::test]
async fn updates_of_several_streams_come_in_one_answer() {
    let caller = Caller::start().await;
    let seconds = caller.web_id("points", r"\\PIMAM\DEMO.SECONDS").await;
    let late = caller.web_id("points", r"\\PIMAM\DEMO.LATE").await;
    let path = format!("/streamsets/updates?webId={seconds}&webid={late}");
    let (_, location, registered) = caller.post(&path, &json!(null)).await;
    assert_eq!(registered["Items"].as_array().unwrap().len(), 2);
    let answer = caller.http.get(location.unwrap()).send().await.unwrap();
    assert!(answer.headers().contains_key("location"));
    let updates: Value = answer.json().await.unwrap();
    assert_eq!(updates["Items"][1]["SourceName"], "DEMO.LATE");
    let markers = [
        (
            "marker",
            registered["Items"][0]["LatestMarker"].as_str().unwrap(),
        ),
        ("marker", "0123456789abcdef0123456789abcdef_7"),
    ];
    let mixed = caller.good("/streamsets/updates", &markers).await;
    assert_eq!(mixed["Items"][0]["Status"], "Succeeded");
    assert_eq!(mixed["Items"][1]["Status"], "Failed");
}

#[tokio::test]
async fn a_marker_that_is_gone_invalid_or_of_a_static_attribute_is_refused() {
    let caller = Caller::start().await;
    let tag = caller.web_id("points", r"\\PIMAM\SINUSOID").await;
    let register = format!("/streams/{tag}/updates");
    let (_, _, first) = caller.post(&register, &json!(null)).await;
    let path = format!(
        "/streams/updates/{}",
        first["LatestMarker"].as_str().unwrap()
    );
    assert_eq!(caller.get(&path, &[]).await.0, 200);
    assert_eq!(caller.get("/streams/updates/nonsense", &[]).await.0, 409);
    assert_eq!(caller.get(&format!("{path}99"), &[]).await.0, 409);
    caller
        .fault(json!({ "kind": "updates_gone", "times": 1 }))
        .await;
    assert_eq!(caller.get(&path, &[]).await.0, 404);
    assert_eq!(caller.get(&path, &[]).await.0, 404);
    let (_, _, anew) = caller.post(&register, &json!(null)).await;
    assert_eq!(anew["Status"], "Succeeded");
    let id = caller
        .web_id(
            "attributes",
            r"\\PIAF\Basel\EventFrames[DR1-2026-009]|BatchID",
        )
        .await;
    let path = format!("/streams/{id}/updates");
    assert_eq!(caller.post(&path, &json!(null)).await.0, 409);
}

#[tokio::test]
async fn a_channel_begins_with_the_present_and_goes_on_without_a_gap() {
    let caller = Caller::start().await;
    let tag = caller.web_id("points", r"\\PIMAM\DEMO.SECONDS").await;
    let path = format!("/streams/{tag}/channel?includeInitialValues=True");
    let mut socket = channel(&caller, &path).await.unwrap();
    let mut values = Vec::new();
    while values.len() < 4 {
        let message = message(&mut socket).await;
        assert_eq!(names(&message), ["DEMO.SECONDS"]);
        for value in message["Items"][0]["Items"].as_array().unwrap() {
            assert_eq!(value["Good"], true);
            values.push(value["Value"].as_i64().unwrap());
        }
    }
    assert!(
        values.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{values:?}"
    );
}

#[tokio::test]
async fn a_channel_of_an_element_has_all_its_streams_and_corrections_are_marked() {
    let caller = Caller::start().await;
    let element = caller
        .web_id("elements", r"\\PIAF\Basel\Basel\Demo signals")
        .await;
    let path = format!("/streamsets/{element}/channel?includeInitialValues=true");
    let mut socket = channel(&caller, &path).await.unwrap();
    let first = message(&mut socket).await;
    assert!(names(&first).len() >= 11);
    let mut known: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let corrected = loop {
        let message = message(&mut socket).await;
        for item in message["Items"].as_array().unwrap() {
            let values = item["Items"].as_array().unwrap().clone();
            known
                .entry(item["Name"].as_str().unwrap().to_owned())
                .or_default()
                .extend(values);
        }
        let found = known
            .get("DEMO.CORRECTED")
            .and_then(|values| values.iter().find(|value| value["Substituted"] == true));
        if let Some(found) = found {
            break found.clone();
        }
    };
    assert_eq!(corrected["Value"].as_i64().unwrap() % 10, 0);
    assert!(known.contains_key("DEMO.LATE"));
}

#[tokio::test]
async fn a_quiet_channel_sends_empty_messages_when_a_heartbeat_is_asked_for() {
    let caller = Caller::start().await;
    let silent = caller.web_id("points", r"\\PIMAM\LI72131.PV").await;
    let path = format!("/streamsets/channel?webId={silent}&heartbeatRate=2");
    let mut socket = channel(&caller, &path).await.unwrap();
    assert_eq!(message(&mut socket).await["Items"], json!([]));
}

#[tokio::test]
async fn channels_are_refused_close_and_need_a_stream() {
    let caller = Caller::start().await;
    let tag = caller.web_id("points", r"\\PIMAM\DEMO.SECONDS").await;
    let path = format!("/streams/{tag}/channel?includeInitialValues=true");
    let status = |answer: Result<Socket, Error>| match answer {
        Err(Error::Http(answer)) => answer.status().as_u16(),
        _ => 101,
    };
    caller
        .fault(json!({ "kind": "channel_refused", "status": 403, "times": 1 }))
        .await;
    assert_eq!(status(channel(&caller, &path).await), 403);
    caller
        .fault(json!({ "kind": "channel_closes", "messages": 1, "code": 1011, "times": 1 }))
        .await;
    caller
        .fault(json!({ "kind": "status", "status": 503, "path": "/value", "times": 1 }))
        .await;
    let mut socket = channel(&caller, &path).await.unwrap();
    message(&mut socket).await;
    let Some(Ok(Message::Close(Some(frame)))) = next(&mut socket).await else {
        panic!("a close frame was expected")
    };
    assert_eq!(u16::from(frame.code), 1011);
    caller
        .fault(json!({ "kind": "channel_closes", "messages": 1, "times": 1 }))
        .await;
    let mut socket = channel(&caller, &path).await.unwrap();
    message(&mut socket).await;
    assert!(!matches!(next(&mut socket).await, Some(Ok(_))));
    caller
        .fault(json!({ "kind": "channel_stalls", "messages": 1, "times": 1 }))
        .await;
    let mut socket = channel(&caller, &format!("{path}&heartbeatRate=1"))
        .await
        .unwrap();
    message(&mut socket).await;
    let silence = tokio::time::timeout(Duration::from_secs(2), socket.next());
    assert!(silence.await.is_err());
    assert_eq!(
        status(channel(&caller, "/streams/F1DPx/channel").await),
        404
    );
    let (plain, _) = caller.get(&format!("/streams/{tag}/channel"), &[]).await;
    assert_eq!(plain, 400);
}
