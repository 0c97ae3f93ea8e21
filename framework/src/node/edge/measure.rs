//! What passes the edge, for people and monitors: the access log and `/metrics`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use hyper::{Method, StatusCode};

use crate::node::log_file::LogFile;
use crate::node::module::Module;
use crate::node::status::State;

/// Lines that may wait to be written; when the disk is slower, lines are lost and counted rather than requests delayed.
const WAITING_LINES: usize = 16 * 1024;
/// Upper bounds of the histogram in seconds.
const BOUNDS: [f64; 8] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0];

/// One answered request.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) from: IpAddr,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) duration: Duration,
    pub(crate) trace: String,
    pub(crate) who: Option<String>,
}

/// Counters of one part of the edge.
#[derive(Debug, Default)]
struct Counter {
    classes: [AtomicU64; 5],
    buckets: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

/// The measurements of one edge.
#[derive(Debug)]
pub(crate) struct Measure {
    parts: BTreeMap<String, Counter>,
    lines: Option<SyncSender<Line>>,
    lost: AtomicU64,
}

impl Measure {
    /// Measures these parts; the access log goes to `file` unless there is none.
    pub(crate) fn start<'a>(
        parts: impl Iterator<Item = &'a String>,
        file: Option<PathBuf>,
    ) -> std::io::Result<Self> {
        let lines = match file {
            Some(file) => {
                let log = LogFile::open(&file)?;
                let (lines, waiting) = sync_channel(WAITING_LINES);
                std::thread::Builder::new()
                    .name("access-log".into())
                    .spawn(move || write(&waiting, log))?;
                Some(lines)
            }
            None => None,
        };
        let parts = parts
            .cloned()
            .chain(["node".to_owned(), "ui".to_owned(), "peer".to_owned()]);
        Ok(Self {
            parts: parts.map(|part| (part, Counter::default())).collect(),
            lines,
            lost: AtomicU64::new(0),
        })
    }

    /// Counts one answered request of a part and writes its line to the access log if it is worth one.
    pub(crate) fn note(&self, part: &str, line: Line, logged: bool) {
        if let Some(counter) = self.parts.get(part).or_else(|| self.parts.get("node")) {
            counter.note(line.status, line.duration);
        }
        if let Some(lines) = self.lines.as_ref().filter(|_| logged)
            && lines.try_send(line).is_err()
        {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Everything in the text format of Prometheus.
    pub(crate) fn text<'a>(
        &self,
        modules: impl Iterator<Item = &'a std::sync::Arc<Module>>,
    ) -> String {
        let mut out = String::from("# TYPE dcp_edge_requests_total counter\n");
        for (part, counter) in &self.parts {
            for (class, count) in (1..).zip(&counter.classes) {
                line(
                    &mut out,
                    &format!("dcp_edge_requests_total{{module=\"{part}\",code=\"{class}xx\"}}"),
                    count,
                );
            }
        }
        out.push_str("# TYPE dcp_edge_request_seconds histogram\n");
        for (part, counter) in &self.parts {
            counter.histogram(part, &mut out);
        }
        out.push_str("# TYPE dcp_edge_access_log_lost_total counter\n");
        line(&mut out, "dcp_edge_access_log_lost_total", &self.lost);
        out.push_str("# TYPE dcp_module_ready_instances gauge\n# TYPE dcp_module_restarts_total counter\n# TYPE dcp_module_memory_bytes gauge\n");
        for module in modules {
            let (name, status) = (&module.name, module.status());
            let ready = status
                .instances
                .iter()
                .filter(|instance| instance.state == State::Ready)
                .count();
            let memory: u64 = status
                .instances
                .iter()
                .map(|instance| instance.memory_bytes)
                .sum();
            for (what, value) in [
                ("ready_instances", ready as u64),
                ("restarts_total", module.restarts()),
                ("memory_bytes", memory),
            ] {
                line(
                    &mut out,
                    &format!("dcp_module_{what}{{module=\"{name}\"}}"),
                    &AtomicU64::new(value),
                );
            }
        }
        out
    }
}

fn line(out: &mut String, name: &str, value: &AtomicU64) {
    // Writing to a String cannot fail.
    writeln!(out, "{name} {}", value.load(Ordering::Relaxed)).unwrap_or_default();
}

impl Counter {
    fn note(&self, status: StatusCode, duration: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.classes[class].fetch_add(1, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(
            u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
            Ordering::Relaxed,
        );
        if let Some(bucket) = BOUNDS
            .iter()
            .position(|bound| duration.as_secs_f64() <= *bound)
        {
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
    }

    fn histogram(&self, part: &str, out: &mut String) {
        let mut sum = 0;
        for (bound, count) in BOUNDS.iter().zip(&self.buckets) {
            sum += count.load(Ordering::Relaxed);
            line(
                out,
                &format!("dcp_edge_request_seconds_bucket{{module=\"{part}\",le=\"{bound}\"}}"),
                &AtomicU64::new(sum),
            );
        }
        line(
            out,
            &format!("dcp_edge_request_seconds_bucket{{module=\"{part}\",le=\"+Inf\"}}"),
            &self.count,
        );
        line(
            out,
            &format!("dcp_edge_request_seconds_count{{module=\"{part}\"}}"),
            &self.count,
        );
        let seconds = Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64();
        writeln!(
            out,
            "dcp_edge_request_seconds_sum{{module=\"{part}\"}} {seconds}"
        )
        .unwrap_or_default();
    }
}

/// Writes lines in batches: whatever waits is written, then flushed once.
fn write(waiting: &Receiver<Line>, log: LogFile) {
    let mut log = BufWriter::with_capacity(64 * 1024, log);
    while let Ok(first) = waiting.recv() {
        let mut next = Some(first);
        while let Some(line) = next {
            if let Err(error) = write_line(&mut log, &line) {
                tracing::error!(%error, "the access log cannot be written");
            }
            next = waiting.try_recv().ok();
        }
        if let Err(error) = log.flush() {
            tracing::error!(%error, "the access log cannot be written");
        }
        // One write for all that arrives in this time keeps the log out of the way of the requests.
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn write_line(log: &mut impl std::io::Write, line: &Line) -> std::io::Result<()> {
    let who = line.who.as_deref().unwrap_or("-");
    let (at, micros) = (jiff::Timestamp::now(), line.duration.as_micros());
    writeln!(
        log,
        "{at:.3} {} {who} {} {} {} {}.{:03}ms {}",
        line.from,
        line.method,
        line.path,
        line.status.as_u16(),
        micros / 1000,
        micros % 1000,
        line.trace
    )
}
