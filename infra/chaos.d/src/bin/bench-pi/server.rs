//! A server of one stream with a value every second, as PI Web API writes it; fast, because it copies a day and changes the date.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// The first value.
pub(crate) const FIRST: Timestamp = Timestamp::constant(1_577_836_800, 0);
const DAY: usize = 86_400;
/// Where the date begins in an item, and how long it is.
const DATE: (usize, usize) = (r#"{"Timestamp":""#.len(), "2020-01-01".len());

/// The server in a process of its own.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        let output = process.stdout.take().context("its output")?;
        BufReader::new(output).read_line(&mut url)?;
        Ok(Self {
            process,
            url: url.trim().to_owned(),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The items of one day, and where each begins.
struct Day {
    text: Vec<u8>,
    begins: Vec<usize>,
}

impl Day {
    fn new() -> Self {
        let (mut text, mut begins) = (Vec::new(), Vec::new());
        for second in 0..DAY {
            begins.push(text.len());
            text.extend_from_slice(item(second).as_bytes());
        }
        begins.push(text.len());
        Self { text, begins }
    }

    /// Values `from` to `to`, counted from the first one, the latter excluded, each with a comma behind it.
    fn write(&self, from: usize, to: usize, body: &mut Vec<u8>) {
        let mut at = from;
        while at < to {
            let (day, end) = (at / DAY, to.min((at / DAY + 1) * DAY));
            let (first, last) = (self.begins[at % DAY], self.begins[(end - 1) % DAY + 1]);
            let place = body.len();
            body.extend_from_slice(&self.text[first..last]);
            let date = date(day);
            for begin in &self.begins[at % DAY..=(end - 1) % DAY] {
                let begin = place + begin - first + DATE.0;
                body[begin..begin + DATE.1].copy_from_slice(date.as_bytes());
            }
            at = end;
        }
    }
}

fn date(day: usize) -> String {
    let days = SignedDuration::from_hours(24 * i64::try_from(day).unwrap_or(0));
    (FIRST + days).strftime("%Y-%m-%d").to_string()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a wave with the digits of a measurement in single precision"
)]
fn item(second: usize) -> String {
    let (hour, minute) = (second / 3600, second / 60 % 60);
    let value = f64::from(
        (80.0 + 5.0 * (second as f64 / 700.0).sin() + 0.1 * (second as f64 * 7.3).sin()) as f32,
    );
    format!(
        r#"{{"Timestamp":"2020-01-01T{hour:02}:{minute:02}:{:02}Z","Value":{value},"UnitsAbbreviation":"°C","Good":true,"Questionable":false,"Substituted":false,"Annotated":false}},"#,
        second % 60
    )
}

/// Serves until the process ends; the address is the first line of its output.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let routes = Router::new()
        .route("/piwebapi/streamsets/recorded", get(recorded))
        .route("/piwebapi/streamsets/summary", get(summary))
        .with_state(Arc::new(Day::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/piwebapi", listener.local_addr()?);
    axum::serve(listener, routes).await?;
    Ok(())
}

type Asked = Query<Vec<(String, String)>>;

/// The first value of a range and the one behind its last, counted from the first of all.
fn range(asked: &Asked) -> (usize, usize) {
    let at = |name: &str| {
        let text = asked.iter().find(|(key, _)| key == name);
        let time = text.and_then(|(_, text)| text.parse::<Timestamp>().ok());
        time.unwrap_or_default().as_microsecond() - FIRST.as_microsecond()
    };
    let (from, to) = (at("startTime"), at("endTime"));
    let second = |time: i64| usize::try_from(time.div_euclid(1_000_000)).unwrap_or(0);
    (second(from + 999_999), second(to) + 1)
}

async fn recorded(State(day): State<Arc<Day>>, asked: Asked) -> impl IntoResponse {
    let (from, to) = range(&asked);
    let most = asked.iter().find(|(key, _)| key == "maxCount");
    let most = most.and_then(|(_, most)| most.parse().ok()).unwrap_or(1000);
    let mut body =
        br#"{"Links":{},"Items":[{"WebId":"S","Name":"S","Path":"\\\\PI\\S","Links":{},"Items":["#
            .to_vec();
    day.write(from, to.clamp(from, from + most), &mut body);
    if body.ends_with(b",") {
        body.pop();
    }
    body.extend_from_slice("],\"UnitsAbbreviation\":\"°C\"}]}".as_bytes());
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], body)
}

async fn summary(asked: Asked) -> impl IntoResponse {
    let (from, to) = range(&asked);
    let item = |(_, kind): &(String, String)| json!({ "Type": kind, "Value": { "Timestamp": "2020-01-01T00:00:00Z", "Value": to.saturating_sub(from), "Good": true } });
    let items: Vec<_> = asked
        .iter()
        .filter(|(key, _)| key == "summaryType")
        .map(item)
        .collect();
    let body = json!({ "Links": {}, "Items": [{ "WebId": "S", "Name": "S", "Items": items }] });
    ([(CONTENT_TYPE, "application/json")], body.to_string())
}
