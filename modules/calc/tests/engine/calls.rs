use crate::support::Engine;
use serde_json::{Value, json};

const SCRIPT: &str = r#"
#' Adds one.
f <- function(x) x + 1
echo <- function(x) x
two <- function(a, b = 2) a * 10 + b
open <- function(x, ...) names(list(...))
loud <- function() { warning("careful"); message("hello"); cat("printed\n"); 1 }
stops <- function(x) { warning("careful"); stop("no good: ", x) }
random <- function() runif(3)
shapes <- function() list(df = data.frame(a = 1:2, b = c("x", NA)), m = matrix(1:4, 2), f = factor(c("u", "v")),
  named = c(a = 1, b = NA), kept = I(3), special = c(Inf, NaN, NA, -0))
#' @cache pure
stamp <- function(x) as.numeric(Sys.time()) + x
frame <- function(d) list(class = class(d), rows = nrow(d), status = attr(d, "status"))
formula_out <- function() list(a = 1, b = y ~ x)
"#;

async fn engine() -> Engine {
    let engine = Engine::start().await;
    assert_eq!(engine.publish("s", SCRIPT).await.status, 200);
    engine
}

#[tokio::test]
async fn a_function_is_an_address_and_says_how_its_value_came_to_be() {
    let engine = engine().await;
    let answer = engine.call("s/f", r#"{"x":41}"#).await;
    assert_eq!(answer.value(), json!(42));
    let call = &answer.json()["call"];
    for key in [
        "id",
        "script",
        "version",
        "function",
        "node",
        "zone",
        "started_at",
        "computation_key",
        "result_key",
    ] {
        assert!(call[key].is_string(), "{key} is missing: {call}");
    }
    assert_eq!(
        call["environment"]["r"]
            .as_str()
            .map(|r| r.split('.').count()),
        Some(3)
    );
    assert_eq!(engine.call("s/f?bare=1", r#"{"x":41}"#).await.text, "42");
    let loud = engine.call("s/loud", "").await.json();
    assert_eq!(
        (&loud["warnings"], &loud["messages"], &loud["output"]),
        (&json!(["careful"]), &json!(["hello"]), &json!(["printed"]))
    );
}

#[tokio::test]
async fn doubles_keep_every_bit_on_their_way_through_r() {
    let engine = engine().await;
    let mut bits = 0x9E37_79B9_7F4A_7C15_u64;
    let mut numbers: Vec<f64> = vec![
        -0.0,
        5e-324,
        f64::MIN_POSITIVE,
        f64::MAX,
        0.1,
        1e15,
        9_007_199_254_740_992.0,
    ];
    while numbers.len() < 100_000 {
        // xorshift: every bit pattern is possible
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        let number = f64::from_bits(bits);
        if number.is_finite() {
            numbers.push(number);
        }
    }
    let answer = engine
        .call(
            "s/echo?bare=1",
            serde_json::to_string(&json!({ "x": numbers })).unwrap(),
        )
        .await;
    let back: Vec<f64> = serde_json::from_str(&answer.text).unwrap();
    let changed = numbers
        .iter()
        .zip(&back)
        .filter(|(sent, got)| sent.to_bits() != got.to_bits())
        .count();
    assert_eq!((back.len(), changed), (100_000, 0));
}

#[tokio::test]
async fn values_of_r_have_one_json_form() {
    let engine = engine().await;
    let expected = json!({
        "df": { "a": [1, 2], "b": ["x", null] }, "m": [[1, 3], [2, 4]], "f": ["u", "v"],
        "named": { "a": 1, "b": null }, "kept": [3], "special": ["Inf", "NaN", null, -0.0] });
    assert_eq!(engine.call("s/shapes", "").await.value(), expected);
    for same in [
        "[1,2.5,null]",
        "\"a\"",
        "true",
        "null",
        "[[1,2],[3,4]]",
        "{\"a\":1,\"b\":[1,\"x\"]}",
        "[\"NaN\",1]",
        "[]",
        "\"Inf\"",
    ] {
        let answer = engine
            .call("s/echo?bare=1", format!("{{\"x\":{same}}}"))
            .await;
        assert_eq!(answer.text, same);
    }
    let frame = engine
        .call(
            "s/frame",
            r#"{"d":{"$frame":{"a":[1,2],"b":["x",null]},"status":{"Bad":1}}}"#,
        )
        .await;
    assert_eq!(
        frame.value(),
        json!({ "class": "data.frame", "rows": 2, "status": { "Bad": 1 } })
    );
    let formula = engine.call("s/formula_out", "").await;
    assert_eq!(
        (formula.status, formula.problem().as_str()),
        (422, "r-error")
    );
    assert!(formula.text.contains("/b"), "{}", formula.text);
}

#[tokio::test]
async fn wrong_arguments_are_named_by_their_pointers_before_r_is_asked() {
    let engine = engine().await;
    let pointers = |answer: &crate::support::Answer| -> Vec<String> {
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (422, "invalid-arguments"),
            "{}",
            answer.text
        );
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        pointers(&engine.call("s/two", r#"{"b":1,"c":2}"#).await),
        ["/c", "/a"]
    );
    assert_eq!(pointers(&engine.call("s/f", r#"{"x":"#).await), [""]);
    assert_eq!(pointers(&engine.call("s/f", "[1]").await), [""]);
    assert_eq!(
        pointers(&engine.call("s/f", r#"{"x":9007199254740993}"#).await),
        ["/x"]
    );
    assert_eq!(engine.call("s/two", r#"{"a":1}"#).await.value(), json!(12));
    assert_eq!(
        engine.call("s/open", r#"{"x":1,"more":2}"#).await.value(),
        json!("more")
    );
}

#[tokio::test]
async fn what_does_not_exist_is_answered_with_what_does() {
    let engine = engine().await;
    let script = engine.call("nope/f", "{}").await;
    assert_eq!(
        (
            script.status,
            script.problem().as_str(),
            &script.json()["scripts"]
        ),
        (404, "unknown-script", &json!(["s"]))
    );
    let function = engine.call("s/nope", "{}").await;
    assert_eq!(
        (function.status, function.problem().as_str()),
        (404, "unknown-function")
    );
    assert!(
        function.json()["functions"]
            .as_array()
            .unwrap()
            .contains(&json!("echo"))
    );
    assert_eq!(
        engine
            .call("s/f", r#"{"x":{"$result":"0000"}}"#)
            .await
            .problem(),
        "unknown-result"
    );
}

#[tokio::test]
async fn an_error_of_r_is_told_with_its_call_and_warnings() {
    let engine = engine().await;
    let answer = engine.call("s/stops", r#"{"x":"batch 7"}"#).await;
    assert_eq!((answer.status, answer.problem().as_str()), (422, "r-error"));
    let problem = answer.json();
    assert_eq!(problem["detail"], "no good: batch 7");
    assert_eq!(problem["call"], "stops(x = x)");
    assert_eq!(problem["warnings"], json!(["careful"]));
    assert!(
        problem["condition"]
            .as_array()
            .unwrap()
            .contains(&json!("simpleError"))
    );
}

#[tokio::test]
async fn a_result_is_an_argument_of_a_later_call_and_survives_its_process() {
    let mut engine = engine().await;
    let first = engine.call("s/shapes", "").await.json();
    let key = first["call"]["result_key"].as_str().unwrap();
    engine.restart().await;
    let argument = json!({ "x": { "$result": key, "path": "/df/a" } }).to_string();
    assert_eq!(engine.call("s/f", argument).await.value(), json!([2, 3]));
    let stored = engine.get(&format!("/results/{key}")).await;
    assert_eq!(stored.status, 200);
    assert_eq!(
        serde_json::from_str::<Value>(&stored.text).unwrap(),
        first["value"]
    );
    let unchanged = engine
        .send(
            engine
                .request("GET", &format!("/results/{key}"))
                .header("if-none-match", format!("\"{key}\"")),
        )
        .await;
    assert_eq!(unchanged.status, 304);
    assert_eq!(
        engine.get("/results/0000").await.problem(),
        "unknown-result"
    );
}

#[tokio::test]
async fn the_same_call_gives_the_same_random_numbers_and_a_pure_function_is_calculated_once() {
    let engine = engine().await;
    let first = engine.call("s/random", "").await.value();
    engine.call("s/f", r#"{"x":1}"#).await;
    assert_eq!(engine.call("s/random", "").await.value(), first);
    let stamp = engine.call("s/stamp", r#"{"x":1}"#).await;
    // Records are written behind the answer: until then a second call may calculate again.
    let mut again = engine.call("s/stamp", r#"{ "x": 1 }"#).await;
    for _ in 0..200 {
        if again.json()["call"]["cached"] == json!(true) {
            break;
        }
        again = engine.call("s/stamp", r#"{"x":1}"#).await;
    }
    assert_eq!(again.json()["call"]["cached"], json!(true));
    assert_eq!(again.value(), stamp.value());
    assert!(again.json()["call"]["cached_from"].is_string());
    assert_ne!(
        engine.call("s/stamp", r#"{"x":2}"#).await.value(),
        stamp.value()
    );
}
