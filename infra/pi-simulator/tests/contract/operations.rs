//! Every operation of the published interface, one by one.

use std::collections::HashMap;

use pi_simulator::operations::{self, Operation};
use serde_json::json;

use crate::Caller;

/// What the simulator says it does not serve; everything else that reads is served.
const NOT_SERVED: [&str; 20] = [
    "/analyses",
    "/analysiscategories/",
    "/analysisruleplugins",
    "/analysisrules",
    "/analysistemplates",
    "/attributetraits",
    "/channels",
    "/export",
    "/metadata",
    "/notificationcontacttemplates",
    "/notificationplugins",
    "/notificationrules",
    "/notificationrulesubscribers",
    "/notificationruletemplates",
    "/security",
    "/tablecategories/",
    "/timeruleplugins",
    "/timerules",
    "GET /analysiscategories",
    "GET /tablecategories",
];

/// A `WebID` of each controller, by the path of an object.
async fn web_ids(caller: &Caller) -> HashMap<&'static str, String> {
    let paths = [
        ("assetservers", r"\\PIAF"),
        ("assetdatabases", r"\\PIAF\Visp"),
        (
            "attributecategories",
            r"\\PIAF\Visp\AttributeCategories[Measured]",
        ),
        (
            "attributes",
            r"\\PIAF\Visp\Visp\Polymerization\Autoclave 1|Tag02",
        ),
        (
            "attributetemplates",
            r"\\PIAF\Visp\ElementTemplates[Autoclave]|Tag02",
        ),
        ("dataservers", r"\\PIServers[PIMAM]"),
        ("elementcategories", r"\\PIAF\Visp\ElementCategories[Units]"),
        ("elements", r"\\PIAF\Visp\Visp\Polymerization\Autoclave 1"),
        (
            "elementtemplates",
            r"\\PIAF\Visp\ElementTemplates[Autoclave]",
        ),
        (
            "enumerationsets",
            r"\\PIAF\Visp\EnumerationSets[BatchResults]",
        ),
        (
            "enumerationvalues",
            r"\\PIAF\Visp\EnumerationSets[BatchResults]\Rejected",
        ),
        ("eventframes", r"\\PIAF\Visp\EventFrames[NY1-020]"),
        ("points", r"\\PIMAM\SINUSOID"),
        ("tables", r"\\PIAF\Visp\Tables[Recipe]"),
        ("unitclasses", r"\\PIAF\UOMClasses[Temperature]"),
        ("units", r"\\PIAF\UOMDatabase[kelvin]"),
    ];
    let mut ids = HashMap::new();
    for (controller, path) in paths {
        ids.insert(controller, caller.web_id(controller, path).await);
    }
    ids.insert("streams", ids["points"].clone());
    ids.insert("streamsets", ids["elements"].clone());
    ids
}

/// The address of an operation with an object of its controller and what the operation requires.
fn address(operation: &Operation, ids: &HashMap<&str, String>) -> (String, Vec<(String, String)>) {
    let controller = operation.template.split('/').nth(1).unwrap();
    let none = "F1XsNone".to_owned();
    let id = ids.get(controller).unwrap_or(&none);
    let mut path = operation.template.replace("{webId}", id);
    for (part, value) in [
        ("{id}", "1"),
        ("{searchId}", "e30"),
        ("{key}", "WebIDType"),
        ("attributes/{name}", "attributes/tag"),
        ("{name}", "none"),
        ("{marker}", "0123456789abcdef0123456789abcdef_0"),
    ] {
        path = path.replace(part, value);
    }
    let mut query = vec![
        ("module", "pibasess.BasicPointCount"),
        ("expression", "'SINUSOID' + 1"),
        ("time", "*-1h"),
        ("marker", "0123456789abcdef0123456789abcdef_0"),
        ("baseWebId", &ids["points"]),
        ("subordinateWebId", &ids["attributes"]),
    ];
    let server = matches!(controller, "assetservers" | "dataservers");
    match operation.template {
        "/streamsets/joined" => {}
        _ if controller == "streamsets" => query.push(("webId", &ids["points"])),
        _ if !server && operation.template.matches('/').count() == 1 => {
            let path = "path";
            query.push((path, r"\\PIAF\Visp"));
        }
        _ => {}
    }
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    (path, query.into_iter().map(owned).collect())
}

#[tokio::test]
async fn every_read_is_served_or_says_that_it_is_not_and_nothing_fails() {
    let caller = Caller::start().await;
    let ids = web_ids(&caller).await;
    let mut counts = (0, 0);
    for operation in operations::all() {
        if !operation.allows("GET") {
            continue;
        }
        let (path, query) = address(operation, &ids);
        let query: Vec<(&str, &str)> = query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let (status, body) = caller.get(&path, &query).await;
        let named = format!("GET {}", operation.template);
        let expected = NOT_SERVED
            .iter()
            .any(|part| named.starts_with(part) || (part.starts_with('/') && named.contains(part)));
        assert_eq!(status == 501, expected, "{named} {status} {body}");
        if expected {
            let text = body["Errors"][0].as_str().unwrap();
            assert!(text.contains(&named), "{text}");
            counts.1 += 1;
            continue;
        }
        counts.0 += 1;
        // Markers that are not there, a path of another kind of object, and a GET where a WebSocket is wanted.
        let refused = match operation.template {
            "/streams/updates/{marker}" | "/streamsets/updates" => 404,
            template if template.ends_with("/channel") => 400,
            template if query.iter().any(|(name, _)| *name == "path") => {
                if template == "/assetdatabases" {
                    200
                } else {
                    404
                }
            }
            _ => 200,
        };
        let refused = match operation.template {
            "/batch" | "/system" | "/" => 200,
            _ => refused,
        };
        assert_eq!(status, refused, "{named} {body}");
    }
    assert!(counts.0 > 110 && counts.1 > 90, "{counts:?}");
}

#[tokio::test]
async fn every_write_is_known_and_refused() {
    let caller = Caller::start().await;
    let ids = web_ids(&caller).await;
    let reads = [
        "/batch",
        "/streams/{webId}/updates",
        "/streamsets/updates",
        "/elements/searchbyattribute",
        "/eventframes/searchbyattribute",
    ];
    let mut writes = 0;
    for operation in operations::all() {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let (path, _) = address(operation, &ids);
            let url = format!("{}{path}", caller.simulator.url());
            let verb = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let answer = caller.http.request(verb, url).json(&json!({})).send();
            let status = answer.await.unwrap().status().as_u16();
            let known = operation.allows(method);
            if known && method == "POST" && reads.contains(&operation.template) {
                assert!(status < 500, "{method} {} {status}", operation.template);
                continue;
            }
            let expected = if known { 501 } else { 405 };
            assert_eq!(status, expected, "{method} {}", operation.template);
            writes += usize::from(known);
        }
    }
    assert!(writes > 150, "{writes}");
    assert_eq!(caller.get("/nothing", &[]).await.0, 404);
    assert_eq!(caller.get("/elements/x/nothing", &[]).await.0, 404);
}
