//! Plots: kept as SVG, told as PNG to whoever asks for that.

use crate::support::{Answer, Engine};
use serde_json::json;

const SCRIPT: &str = r#"
line <- function(n, title = "") { plot(seq_len(n), type = "l", main = title); n }
heat <- function(n) { image(outer(seq_len(n), seq_len(n)), useRaster = TRUE, col = grey(0:8 / 8)); n }
many <- function(n) { plot(seq_len(n)); n }
"#;

async fn engine() -> Engine {
    let engine = Engine::start().await;
    assert_eq!(engine.publish("p", SCRIPT).await.status, 200);
    engine
}

async fn plot(engine: &Engine, function: &str, body: &str) -> String {
    let answer = engine.call(&format!("p/{function}"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let artifacts = answer.json()["artifacts"].clone();
    assert_eq!(artifacts.as_array().map(Vec::len), Some(1), "{artifacts}");
    artifacts[0]["key"].as_str().unwrap().to_owned()
}

/// Status, head and bytes of a plot as a browser or a tool would ask for it.
async fn asked(
    engine: &Engine,
    path: &str,
    headers: &[(&str, &str)],
) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let mut request = engine.request("GET", &format!("/artifacts/{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.unwrap().to_vec())
}

async fn picture(engine: &Engine, path: &str) -> Vec<u8> {
    let (status, headers, body) = asked(engine, path, &[("accept", "image/png")]).await;
    let text = String::from_utf8_lossy(&body);
    assert_eq!(
        (status, &headers["content-type"]),
        (200, &"image/png".parse().unwrap()),
        "{text:.300}"
    );
    assert_eq!(&headers["vary"], "accept");
    body
}

/// Width and height, as the head of a PNG says.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[tokio::test]
async fn a_plot_is_told_as_png_the_same_bytes_each_time() {
    let mut engine = engine().await;
    let key = plot(&engine, "line", r#"{"n":10,"title":"Dose"}"#).await;
    let first = picture(&engine, &key).await;
    assert_eq!(size(&first), (1152, 720));
    assert_eq!(
        size(&picture(&engine, &format!("{key}?width=300")).await),
        (300, 188)
    );
    engine.restart().await;
    assert_eq!(
        picture(&engine, &key).await,
        first,
        "another process draws other bytes"
    );
    let other = plot(&engine, "line", r#"{"n":10,"title":"Rate"}"#).await;
    assert_ne!(
        picture(&engine, &other).await,
        first,
        "the title is not drawn"
    );
    let heat = plot(&engine, "heat", r#"{"n":6}"#).await;
    let square = picture(&engine, &heat).await;
    let finer = plot(&engine, "heat", r#"{"n":60}"#).await;
    assert_ne!(
        picture(&engine, &finer).await,
        square,
        "the picture in the plot is not drawn"
    );
}

#[tokio::test]
async fn who_takes_both_gets_the_plot_as_it_is_and_what_is_known_is_not_sent_again() {
    let engine = engine().await;
    let key = plot(&engine, "line", r#"{"n":3}"#).await;
    let browser = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";
    for accept in [browser, "*/*", "image/svg+xml"] {
        let (status, headers, body) = asked(&engine, &key, &[("accept", accept)]).await;
        assert_eq!(
            (status, &headers["content-type"]),
            (200, &"image/svg+xml".parse().unwrap())
        );
        assert_eq!(&headers["vary"], "accept");
        assert!(
            String::from_utf8(body).unwrap().contains("<svg"),
            "{accept}"
        );
    }
    let (_, headers, _) = asked(&engine, &key, &[("accept", "image/png")]).await;
    let tag = headers["etag"].to_str().unwrap();
    let known = [("accept", "image/png"), ("if-none-match", tag)];
    let (status, _, body) = asked(&engine, &key, &known).await;
    assert_eq!((status, body.len()), (304, 0));
    let (status, ..) = asked(&engine, &key, &[("if-none-match", tag)]).await;
    assert_eq!(status, 200, "the SVG is not the PNG");
}

#[tokio::test]
async fn a_size_that_is_none_and_a_plot_that_is_too_large_are_refused() {
    let engine = engine().await;
    let png = |path: String| {
        let request = engine.request("GET", &format!("/artifacts/{path}"));
        engine.send(request.header("accept", "image/png"))
    };
    let key = plot(&engine, "line", r#"{"n":3}"#).await;
    for width in ["15", "4097"] {
        let answer: Answer = png(format!("{key}?width={width}")).await;
        assert_eq!(answer.status, 422, "{width}: {}", answer.text);
        assert_eq!(answer.json()["errors"][0]["pointer"], json!("width"));
    }
    for width in ["-1", "1e3", "wide"] {
        let answer = png(format!("{key}?width={width}")).await;
        assert!(
            [400, 422].contains(&answer.status),
            "{width}: {}",
            answer.text
        );
    }
    assert_eq!(png("0000".into()).await.problem(), "unknown-result");
    let value = engine.call("p/line", r#"{"n":3}"#).await.json();
    let value = value["call"]["result_key"].as_str().unwrap().to_owned();
    assert_eq!(png(value).await.problem(), "unknown-result");
    let large = plot(&engine, "many", r#"{"n":90000}"#).await;
    let answer = png(large).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (406, "no-picture")
    );
    assert!(answer.text.contains("4 MiB"), "{}", answer.text);
}
