//! Damaged answers: real ones of the simulator, cut, with letters changed, with parts replaced. Never a panic; what cannot be read
//! is told with what it is and where it is wrong.

use std::sync::LazyLock;

use pi_simulator::{Running, Settings};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::PiError;
use super::answer::series_of;
use super::body;
use super::objects::{
    AttributeWire, FrameWire, PiElement, PiServer, PointWire, SummaryWire, TemplateTagWire,
};
use super::paging::Page;
use super::refusal::BatchAnswer;

/// How an answer is read, as far as it can be read.
type Reader = fn(&[u8]) -> Result<(), PiError>;

const WHAT: &str = "the answer of this test";

fn page<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<(), PiError> {
    body::read::<Page<T>>(body, WHAT).map(|page| {
        let _next = page.next();
    })
}

fn frames(body: &[u8]) -> Result<(), PiError> {
    let page: Page<FrameWire> = body::read(body, WHAT)?;
    // What is wrong with one batch names the batch.
    for frame in page.items {
        frame.batch().map(drop).unwrap_or_default();
    }
    Ok(())
}

fn series(body: &[u8]) -> Result<(), PiError> {
    for series in series_of(body, WHAT)? {
        assert_eq!(series.times.len(), series.values.len());
        assert_eq!(series.times.len(), series.status.len());
        for (value, status) in series.values.iter().zip(series.status.iter()) {
            assert_eq!(value.is_nan(), !status.is_usable(), "{status:?}");
        }
    }
    Ok(())
}

fn batch(body: &[u8]) -> Result<(), PiError> {
    let parts: std::collections::HashMap<String, BatchAnswer> = body::read(body, WHAT)?;
    for part in parts.values() {
        match part.content::<Page<PiElement>>(WHAT) {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(page) => drop(page),
        }
    }
    Ok(())
}

/// Answers of the simulator, each with how it is read.
static RECORDED: LazyLock<Vec<(Vec<u8>, Reader)>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(record())
});

#[expect(clippy::disallowed_methods, reason = "a test without a start")]
async fn record() -> Vec<(Vec<u8>, Reader)> {
    let simulator = Running::start(Settings::default()).await.unwrap();
    let http = reqwest::Client::new();
    let ask = async |path: &str| {
        let url = format!("{}/{path}", simulator.url());
        let answer = http.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.unwrap().to_vec()
    };
    let id = async |path: &str| {
        let found: Value = serde_json::from_slice(&ask(path).await).unwrap();
        found["WebId"].as_str().unwrap().to_owned()
    };
    let dryer = id(r"elements?path=\\PIAF\Basel\Basel\Drying\Dryer 1").await;
    let failing = id(r"points?path=\\PIMAM\DEMO.FAILING").await;
    let template = id(r"elementtemplates?path=\\PIAF\Basel\ElementTemplates[Dryer]").await;
    let asked: [(String, Reader); 9] = [
        ("assetservers".to_owned(), page::<PiServer>),
        (
            r"points/search?query=name:SIN*".to_owned(),
            page::<PointWire>,
        ),
        (
            format!("elements/{dryer}/attributes"),
            page::<AttributeWire>,
        ),
        (
            format!("elementtemplates/{template}/attributetemplates"),
            page::<TemplateTagWire>,
        ),
        (
            format!("elements/{dryer}/eventframes?startTime=1970-01-01&maxCount=3"),
            frames,
        ),
        (format!("streamsets/{dryer}/value"), series),
        (
            format!("streamsets/recorded?webId={failing}&startTime=*-2h"),
            series,
        ),
        (
            format!("streamsets/plot?webId={failing}&intervals=3"),
            series,
        ),
        (
            format!("streams/{failing}/summary?summaryType=All"),
            page::<SummaryWire>,
        ),
    ];
    let mut recorded = Vec::new();
    for (path, reader) in asked {
        recorded.push((ask(&path).await, reader));
    }
    let elements: Value =
        serde_json::from_slice(&ask(&format!("elements/{dryer}/elements")).await).unwrap();
    let parts = json!({
        "0": { "Status": 200, "Headers": {}, "Content": elements },
        "1": { "Status": 404, "Headers": {}, "Content": { "Errors": ["Unknown."] } },
    });
    recorded.push((parts.to_string().into_bytes(), batch));
    recorded
}

fn says_what_and_where(error: &PiError) {
    let text = error.to_string();
    assert!(text.contains(WHAT), "{text}");
    let place = ["line ", ", at ", "it ends", "behind", "("]
        .iter()
        .any(|words| text.contains(words));
    assert!(place, "{text}");
}

/// The places of all values in a tree.
fn places(value: &Value, here: &str, all: &mut Vec<String>) {
    all.push(here.to_owned());
    match value {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                places(item, &format!("{here}/{place}"), all);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(member, &format!("{here}/{name}"), all);
            }
        }
        _ => {}
    }
}

fn nonsense() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[[[{}]]]])),
        Just(json!(-1)),
        Just(json!(1e308)),
        Just(json!(u64::MAX)),
        Just(json!("")),
        Just(json!("9999-99-99T99:99:99Z")),
        Just(json!({ "Name": 1, "Value": "x", "IsSystem": null })),
        Just(json!({ "Name": "No Data", "Value": 4_294_967_296_u64, "IsSystem": true })),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
    ]
}

#[test]
fn the_recorded_answers_can_be_read() {
    for (body, reader) in RECORDED.iter() {
        reader(body).unwrap();
        assert!(body.len() > 80, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_number_a_word_and_an_escape_that_are_cut_are_incomplete() {
    let body = br#"{"Items":[{"Name":"\u00e9\ud83d\ude00","Zero":-1.5e-3,"Step":true,"Path":"","Span":-0.5E+3}]}"#;
    for end in 0..body.len() {
        let error = page::<Value>(&body[..end]).unwrap_err();
        assert!(matches!(error, PiError::Interrupted(_)), "{end}: {error}");
    }
}

proptest! {
    #[test]
    fn an_answer_that_is_cut_is_incomplete_wherever_it_is_cut(which: Index, at: Index) {
        let (body, reader) = which.get(&RECORDED);
        let error = reader(&body[..at.index(body.len())]).unwrap_err();
        prop_assert!(matches!(error, PiError::Interrupted(_)), "{:?}", error);
        says_what_and_where(&error);
    }

    #[test]
    fn an_answer_with_changed_letters_is_read_or_refused_with_the_place(
        which: Index,
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6),
    ) {
        let (body, reader) = which.get(&RECORDED);
        let mut body = body.clone();
        for (at, letter) in changes {
            let at = at.index(body.len());
            body[at] = letter;
        }
        if let Err(error) = reader(&body) {
            says_what_and_where(&error);
        }
    }

    #[test]
    fn an_answer_with_replaced_parts_is_read_or_refused_with_the_place(
        which: Index,
        changes in prop::collection::vec((any::<Index>(), nonsense()), 1..4),
    ) {
        let (body, reader) = which.get(&RECORDED);
        let mut tree: Value = serde_json::from_slice(body).unwrap();
        for (at, value) in changes {
            let mut all = Vec::new();
            places(&tree, "", &mut all);
            if let Some(part) = tree.pointer_mut(at.get::<String>(&all)) {
                *part = value;
            }
        }
        if let Err(error) = reader(tree.to_string().as_bytes()) {
            says_what_and_where(&error);
        }
    }

    #[test]
    fn any_bytes_are_refused_without_a_crash(which: Index, body in prop::collection::vec(any::<u8>(), 0..200)) {
        let (_, reader) = which.get(&RECORDED);
        if let Err(error) = reader(&body) {
            says_what_and_where(&error);
        }
    }
}
