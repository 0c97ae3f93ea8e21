//! Bytes that nobody meant to send: bodies in JSON and in Arrow, and frames to the worker. Whatever comes is answered or refused with a
//! reason; no R process dies of it, and none without a word.

use crate::support::Engine;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const SCRIPT: &str = "echo <- function(x = NULL, d = NULL) if (is.null(d)) x else nrow(d)";
const STREAM: &str = "application/vnd.apache.arrow.stream";
const BODIES: usize = 3_000;
const STREAMS: usize = 1_000;
const WORKERS: usize = 60;
/// For one worker to start, answer and end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Valid bodies that the others are made of.
const SEEDS: [&str; 8] = [
    r#"{"x":[1,2.5e-3,null,"NaN",-0.0]}"#,
    r#"{"x":[[1,2],[3,4]]}"#,
    r#"{"d":{"$frame":{"a":[1,2],"b":["x",null]},"status":{"a":1}}}"#,
    r#"{"x":{"$result":"0000000000000000000000000000000000000000000000000000000000000000","path":"/a/0"}}"#,
    r#"{"x":{"a":{"b":[true,false,{"c":"\u00e4\ud83d\ude00"}]}}}"#,
    r#"{"x":9007199254740992,"d":null}"#,
    r#"{"x":{"$pi":{"source":"s","tags":[],"batches":[],"interpolation":"recorded"}}}"#,
    r#"{"x":"text with \"quotes\" and \\ and \n"}"#,
];

/// What JSON is made of: put in at random it makes texts that are nearly right.
const PARTS: [&[u8]; 14] = [
    b"[",
    b"]",
    b"{",
    b"}",
    b"\"",
    b",",
    b":",
    b"\\u0000",
    b"1e999",
    b"null",
    b"\"$frame\":",
    b"\xff\xfe",
    b"-",
    b"\"$result\":",
];

/// Xorshift from a seed that is printed: a failure can be repeated.
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let told = std::env::var("DCP_FUZZ_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        let seed = told.unwrap_or(u64::try_from(now & 0xFFFF_FFFF).unwrap() | 1);
        println!("DCP_FUZZ_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (end.max(1) as u64)).unwrap()
    }

    /// Up to six changes: other bytes, parts put in, pieces cut out, doubled or nested deeply.
    fn changed(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len());
            let end = (at + self.below(12)).min(bytes.len());
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                1 => drop(bytes.splice(at..at, PARTS[self.below(PARTS.len())].iter().copied())),
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let piece = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, piece));
                }
                4 => bytes.truncate(at.max(1)),
                _ => drop(bytes.splice(at..at, std::iter::repeat_n(b'[', self.below(200)))),
            }
        }
        bytes
    }
}

async fn engine() -> Engine {
    let engine = Engine::start().await;
    assert_eq!(engine.publish("e", SCRIPT).await.status, 200);
    engine
}

/// Calls with each body; the answers that say neither a value nor what is wrong with it.
async fn calls(engine: &Engine, kind: &str, bodies: impl Iterator<Item = Vec<u8>>) {
    let mut taken = 0;
    for body in bodies {
        let request = engine
            .request("POST", "/r/e/echo")
            .header("content-type", kind);
        let answer = engine.send(request.body(body.clone())).await;
        let told = String::from_utf8_lossy(&body).into_owned();
        assert!(
            matches!(answer.status, 200 | 400 | 404 | 410 | 413 | 422 | 503),
            "{} to {told:?}: {}",
            answer.status,
            answer.text
        );
        if answer.status == 200 {
            taken += 1;
        } else {
            assert!(answer.json()["title"].is_string(), "{told:?}");
        }
    }
    let workers = &engine.get("/engines").await.json()[0]["workers"];
    assert_eq!(workers["restarts"], json!(0), "an R process died");
    assert!(taken > 0, "some are right still");
    assert_eq!(engine.call("e/echo", r#"{"x":1}"#).await.value(), json!(1));
}

#[tokio::test]
async fn a_body_of_any_bytes_is_answered_or_refused_and_no_worker_dies() {
    let engine = engine().await;
    let mut random = Random::seeded();
    let bodies = (0..BODIES).map(|_| {
        let seed = SEEDS[random.below(SEEDS.len())].as_bytes().to_vec();
        random.changed(seed)
    });
    calls(&engine, "application/json", bodies).await;
}

#[tokio::test]
async fn an_arrow_stream_of_any_bytes_is_answered_or_refused_and_no_worker_dies() {
    let engine = engine().await;
    let columns: [(&str, ArrayRef); 2] = [
        (
            "x",
            Arc::new(Float64Array::from(vec![Some(1.0), None, Some(2.5)])),
        ),
        (
            "d",
            Arc::new(StringArray::from(vec![Some("a"), Some("b"), None])),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    let valid = writer.into_inner().unwrap();
    let mut random = Random::seeded();
    // The first as it is.
    let streams = (0..STREAMS).map(|at| {
        if at == 0 {
            valid.clone()
        } else {
            random.changed(valid.clone())
        }
    });
    calls(&engine, STREAM, streams).await;
}

/// Program and environment of a worker that runs below this process.
fn running_worker() -> Vec<(String, String)> {
    let own = std::process::id();
    let read =
        |id: &str, what: &str| std::fs::read(format!("/proc/{id}/{what}")).unwrap_or_default();
    let parent = |id: &str| {
        let status = String::from_utf8_lossy(&read(id, "status")).into_owned();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("PPid:"))?
            .trim()
            .to_owned();
        (line != "0").then_some(line)
    };
    let is_ours = |id: &str| {
        std::iter::successors(Some(id.to_owned()), |id| parent(id)).any(|id| id == own.to_string())
    };
    let all = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let id = all
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
        .find(|id| read(id, "comm").starts_with(b"calc-worker") && is_ours(id))
        .expect("a worker runs");
    let text = String::from_utf8(read(&id, "environ")).unwrap();
    let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A frame as the engine writes it.
fn frame(kind: u8, header: &serde_json::Value, rest: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    let length = u32::try_from(4 + header.len() + rest.len()).unwrap();
    let parts: [&[u8]; 5] = [
        &length.to_le_bytes(),
        &[kind],
        &u32::try_from(header.len()).unwrap().to_le_bytes(),
        header.as_bytes(),
        rest,
    ];
    parts.concat()
}

/// What a worker says to these bytes before its socket is closed, and how it ends.
fn said_to(
    worker: &Path,
    environment: &[(String, String)],
    folder: &Path,
    bytes: &[u8],
) -> (std::process::Output, usize) {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut child = Command::new(worker)
        .env_clear()
        .envs(environment.iter().cloned())
        .current_dir(folder)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        // What it shares with the engine for long arguments.
        .stdout(Stdio::from(tempfile::tempfile().unwrap()))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    ours.set_read_timeout(Some(PATIENCE)).unwrap();
    // It may end before it has read all.
    drop(ours.write_all(bytes));
    drop(ours.shutdown(std::net::Shutdown::Write));
    let mut answers = Vec::new();
    if ours
        .read_to_end(&mut answers)
        .is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    {
        // It does not end by itself: its signal tells.
        child.kill().unwrap();
    }
    (child.wait_with_output().unwrap(), answers.len())
}

#[tokio::test]
async fn a_worker_takes_frames_of_any_bytes_or_says_why_it_ends() {
    let engine = engine().await;
    assert_eq!(engine.call("e/echo", r#"{"x":1}"#).await.value(), json!(1));
    let environment = running_worker();
    let worker = Path::new(env!("CARGO_BIN_EXE_calc")).with_file_name("calc-worker");
    let folder = tempfile::tempdir().unwrap();
    let header = json!({ "version": "v", "files": [["e.R", SCRIPT.len()]], "data_folder": "", "data_names": [] });
    let call = json!({ "version": "v", "function": "echo", "args": [["x", 9]], "seed": 1 });
    let valid = [
        frame(2, &header, SCRIPT.as_bytes()),
        frame(3, &call, b"[1,2.5,3]"),
    ]
    .concat();
    let mut random = Random::seeded();
    let (mut greeted, mut refused) = (0, 0);
    for at in 0..WORKERS {
        let bytes = if at == 0 {
            valid.clone()
        } else {
            random.changed(valid.clone())
        };
        let (ended, read) = said_to(&worker, &environment, folder.path(), &bytes);
        let words = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.signal(), None, "{bytes:?}: {words}");
        assert!(
            ended.status.success() || !words.trim().is_empty(),
            "{bytes:?}: it ended without a word"
        );
        greeted += usize::from(read > 0);
        refused += usize::from(!ended.status.success());
    }
    assert_eq!(greeted, WORKERS, "each starts");
    assert!(refused > 0, "some frames are broken");
}
