//! The edge: identity, foreign pages, the two sides, files, what the portal is made of.

use serde_json::{Value, json};

use crate::platform::{OPERATOR, Peer, Platform};

const SESSION: &str = "__Host-dcp-session=analyst-session";

#[tokio::test]
async fn a_session_becomes_a_token_that_modules_believe() {
    let platform = Platform::start().await;
    let who = platform.url("/api/probe/who");
    assert_eq!(platform.http.get(&who).send().await.unwrap().status(), 401);
    let cookie = platform
        .http
        .get(&who)
        .header("cookie", SESSION)
        .send()
        .await
        .unwrap();
    assert_eq!(
        cookie.json::<Value>().await.unwrap(),
        json!({ "login": "ada", "name": "Ada Analyst" })
    );
    let token = platform
        .http
        .get(&who)
        .bearer_auth("dcp_analyst")
        .send()
        .await
        .unwrap();
    assert_eq!(token.status(), 200);
    for wrong in ["dcp_other", "a.b.c", ""] {
        let answer = platform
            .http
            .get(&who)
            .bearer_auth(wrong)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 401, "{wrong}");
        assert!(answer.json::<Value>().await.unwrap()["trace_id"].is_string());
    }
    // The signed token itself, as another node's edge hands it on, is believed too.
    let seen: Value = platform
        .http
        .get(platform.url("/api/probe/show"))
        .header("cookie", SESSION)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let signed = seen["headers"]["authorization"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        platform
            .http
            .get(&who)
            .header("authorization", signed)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn nobody_can_say_who_he_is() {
    let platform = Platform::start().await;
    let forged = platform
        .http
        .get(platform.url("/api/probe/show"))
        .header("dcp-edge-key", "edge-key")
        .header("x-forwarded-for", "1.2.3.4")
        .header("cookie", "a=b");
    let seen: Value = forged.send().await.unwrap().json().await.unwrap();
    let headers = &seen["headers"];
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert!(
        headers["dcp-edge-key"].is_null()
            && headers["authorization"].is_null()
            && headers["cookie"].is_null(),
        "{headers}"
    );
    let resolve = platform
        .http
        .post(platform.url("/internal/resolve"))
        .json(&json!({ "credential": "operator-session" }));
    assert_eq!(
        resolve.try_clone().unwrap().send().await.unwrap().status(),
        404
    );
    assert_eq!(
        resolve
            .header("dcp-edge-key", "edge-key")
            .send()
            .await
            .unwrap()
            .status(),
        200,
        "another edge may ask"
    );
    let outside = platform
        .http
        .post(platform.outside("/internal/resolve"))
        .header("dcp-edge-key", "edge-key")
        .json(&json!({ "credential": "x" }));
    assert!(!outside.send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn a_foreign_page_changes_nothing() {
    let platform = Platform::start().await;
    let post = || {
        platform
            .http
            .post(platform.url("/api/probe/echo"))
            .header("cookie", SESSION)
            .header("content-type", "application/json")
            .body("{}")
    };
    assert_eq!(
        post()
            .header("sec-fetch-site", "same-origin")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        post()
            .header("origin", format!("http://localhost:{}", platform.internal))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://evil.example"),
        ("x-other", "1"),
    ] {
        assert_eq!(
            post().header(name, value).send().await.unwrap().status(),
            403,
            "{name}: {value}"
        );
    }
}

#[tokio::test]
async fn outside_shows_only_what_is_exposed() {
    let platform = Platform::start().await;
    let status = async |path: &str| {
        platform
            .http
            .get(platform.outside(path))
            .header("cookie", OPERATOR)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(status("/api/probe/show").await, 200);
    for hidden in [
        "/api/hidden/show",
        "/ui/hidden/main.js",
        "/api/node/modules",
        "/api/node/events",
        "/metrics",
        "/api/administration/users",
    ] {
        assert_eq!(status(hidden).await, 404, "{hidden}");
    }
    let portal: Value = platform
        .http
        .get(platform.outside("/portal.json"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(
        portal["modules"]
            .as_array()
            .unwrap()
            .iter()
            .all(|module| module["name"] != "hidden"),
        "{portal}"
    );
}

#[tokio::test]
async fn the_portal_is_made_of_what_is_deployed() {
    let platform = Platform::start().await;
    let map = platform.json("/importmap.json").await;
    let entry = map["imports"]["@dcp/probe"].as_str().unwrap().to_owned();
    assert!(entry.starts_with("/ui/probe/main.js?version="), "{map}");
    assert!(
        map["integrity"][&entry]
            .as_str()
            .unwrap()
            .starts_with("sha384-")
    );
    let file = platform.get(&entry).await.unwrap();
    assert!(
        file.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    let portal = platform.json("/portal.json").await;
    assert!(
        portal["layout"].to_string().contains("\"path\":\"probe\""),
        "{portal}"
    );
    // A new micro-frontend is in the map at once; who still has the old map gets the old file.
    std::fs::write(
        platform.home().join("deploy/probe/ui/main.js"),
        "// the next version of it\n",
    )
    .unwrap();
    let next = platform.json("/importmap.json").await["imports"]["@dcp/probe"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(next, entry);
    assert_eq!(
        platform.get(&entry).await.unwrap().text().await.unwrap(),
        "// probe\n"
    );
    let page = platform.get("/app/basel/probe").await.unwrap();
    assert_eq!(page.headers()["cache-control"], "no-cache");
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    let scripts = policy
        .split(';')
        .find(|part| part.trim().starts_with("script-src"))
        .unwrap();
    assert!(!scripts.contains("unsafe"), "{policy}");
    assert_eq!(
        platform.get("/no/such/file.js").await.unwrap().status(),
        404
    );
    assert_eq!(
        platform
            .get("/ui/probe/..%2f..%2fmodule.toml")
            .await
            .unwrap()
            .status(),
        404
    );
}

#[tokio::test]
async fn the_operator_stops_a_module_and_everyone_sees_it() {
    let platform = Platform::start().await;
    let mut events = platform.get("/api/node/events").await.unwrap();
    let stop = |cookie: &'static str| {
        platform
            .http
            .post(platform.url("/api/node/gxp-node/modules/probe/stop"))
            .header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
    };
    assert_eq!(stop(SESSION).send().await.unwrap().status(), 403);
    assert_eq!(stop(OPERATOR).send().await.unwrap().status(), 200);
    let mut told = String::new();
    while !told.contains(r#""module":"probe","node":"gxp-node","state":"stopped""#) {
        told.push_str(&String::from_utf8_lossy(
            &events.chunk().await.unwrap().unwrap(),
        ));
    }
    let modules = platform
        .http
        .get(platform.url("/api/node/modules"))
        .header("cookie", SESSION)
        .send()
        .await
        .unwrap();
    let modules: Value = modules.json().await.unwrap();
    assert!(
        modules
            .as_array()
            .unwrap()
            .iter()
            .any(|module| module["module"] == "probe" && module["health"] == "down"),
        "{modules}"
    );
}

#[tokio::test]
async fn what_is_too_large_or_slow_to_ask_is_refused() {
    let platform = Platform::start().await;
    assert_eq!(
        platform
            .get(&format!("/api/probe/show?{}", "x".repeat(8200)))
            .await
            .unwrap()
            .status(),
        414
    );
    let many = (0..80).fold(
        platform.http.get(platform.url("/health/live")),
        |request, n| request.header(format!("x-{n}"), "1"),
    );
    assert_eq!(many.send().await.unwrap().status(), 431);
    let body = platform
        .http
        .post(platform.url("/api/probe/echo"))
        .header("content-type", "text/plain")
        .bearer_auth("dcp_analyst")
        .body("x".repeat(70_000));
    assert_eq!(body.send().await.unwrap().status(), 413);
}

#[tokio::test]
async fn a_lost_peer_takes_only_its_own_modules_along_and_comes_back() {
    let mut peer = Peer::start();
    let platform = Platform::start_beside(&peer).await;
    // Its module has nothing at this address: its own 404 shows that the request came there and back.
    let answers = async |platform: &Platform| {
        let answer = platform.get("/api/far/nothing").await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    let state = async |platform: &Platform| {
        let portal = platform.json("/portal.json").await;
        let modules = portal["modules"].as_array().unwrap();
        let far = modules.iter().find(|module| module["name"] == "far");
        far.map(|far| far["state"].clone())
    };
    let is_there = async |platform: &Platform| state(platform).await == Some(json!("ready"));
    platform.until("the peer's module", is_there).await;
    assert_eq!(answers(&platform).await.0, 404);

    peer.kill();
    let (status, problem) = answers(&platform).await;
    assert_eq!(
        (status, &problem["module"]),
        (503, &json!("far")),
        "{problem}"
    );
    assert!(
        problem["detail"].as_str().unwrap().contains("far-node"),
        "{problem}"
    );
    platform
        .until("the peer's module failed", async |platform: &Platform| {
            state(platform).await == Some(json!("failed"))
        })
        .await;
    assert_eq!(platform.get("/api/probe/show").await.unwrap().status(), 200);

    peer.start_again();
    platform.until("the peer's module back", is_there).await;
    assert_eq!(answers(&platform).await.0, 404);
}
