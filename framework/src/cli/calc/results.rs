//! Results by their key: `dcp calc result`, `keep` and `again`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::value::words;
use super::{Engine, listed};
use crate::home::portal_url;
use crate::portal::{read, refused, unreachable};
use crate::table::{plain, table};

/// Digits of a key: a SHA-256 in hexadecimal.
const KEY: usize = 64;

/// Which result, and where it goes.
#[derive(clap::Args)]
pub(crate) struct Wanted {
    /// Its key.
    key: String,
    /// Write the value into a file, byte for byte as its key stands for it, instead of showing it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// For programs: the value as JSON.
    #[arg(long)]
    json: bool,
}

/// Shows a result, or writes it into a file; both only when its content is what the key stands for.
pub(super) async fn show(engine: &Engine, wanted: &Wanted) -> anyhow::Result<()> {
    let key = checked(&wanted.key)?;
    let url = format!("{}/api/calc/results/{key}", portal_url());
    let answer = engine.place.ask(engine.client.get(url))?.send().await;
    let answer = answer.with_context(unreachable)?;
    let (status, bytes) = (answer.status(), answer.bytes().await?);
    if !status.is_success() {
        bail!(refused(status, &bytes));
    }
    ensure!(
        hex::encode(Sha256::digest(&bytes)) == key,
        "what the engine gave is not what the key stands for"
    );
    if let Some(file) = &wanted.out {
        return write(file, &bytes);
    }
    if wanted.json {
        println!("{}", String::from_utf8_lossy(&bytes));
        return Ok(());
    }
    print!("{}", words(&serde_json::from_slice(&bytes)?));
    let facts = engine.get(&format!("/results/{key}/facts")).await?;
    eprint!("{}", keeping(&facts));
    Ok(())
}

fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let done = std::fs::write(file, bytes);
    done.with_context(|| format!("{} cannot be written", file.display()))?;
    println!("{} holds the result, {} bytes", file.display(), bytes.len());
    Ok(())
}

/// Keeps a result for good.
pub(super) async fn keep(engine: &Engine, key: &str, reason: &str) -> anyhow::Result<()> {
    let path = format!("/results/{}/retain", checked(key)?);
    let facts = engine.post(&path, &json!({ "reason": reason })).await?;
    print!("{}", keeping(&facts));
    Ok(())
}

/// How a result is kept, and who wanted that.
fn keeping(facts: &Value) -> String {
    let until = match facts["ends_at"].as_str() {
        Some(at) => format!("until {at} unless it is used again"),
        None => "for good".to_owned(),
    };
    let size = plain(&facts["size"]);
    let kept = format!("kept {until} ({}), {size} bytes\n", plain(&facts["class"]));
    let wanted = listed(&facts["retained"]).map(|one| {
        let (by, at) = (plain(&one["by"]["name"]), plain(&one["at"]));
        format!("  {at}  {by}: {}\n", plain(&one["reason"]))
    });
    std::iter::once(kept).chain(wanted).collect()
}

/// Calculates again what a call gave, and compares; the program ends with 1 when it is another value.
pub(super) async fn again(engine: &Engine, call: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let key = if is_key(call) {
        call.to_owned()
    } else {
        result_of(engine, call).await?
    };
    let request = engine.client.post(format!(
        "{}/api/calc/results/{key}/recomputation",
        portal_url()
    ));
    let told = read(engine.place.ask(request)?.send().await).await?;
    if as_json {
        println!("{told:#}");
    } else {
        print!("{}", comparison(&told));
    }
    Ok(if told["same"] == json!(true) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn result_of(engine: &Engine, call: &str) -> anyhow::Result<String> {
    let detail = engine.get(&format!("/calls/{call}")).await?;
    let key = detail["result_key"].as_str().map(str::to_owned);
    key.with_context(|| {
        format!(
            "call {call} gave no value ({}), so there is nothing to compare with",
            plain(&detail["state"])
        )
    })
}

fn comparison(told: &Value) -> String {
    let is = |what: &str| told[what] == json!(true);
    let verdict = if is("same") {
        "the same value; it is kept again"
    } else if is("deviation") {
        "ANOTHER VALUE of the same computation; the deviation is recorded"
    } else if is("same_computation") {
        "another value, as a volatile function may give each time"
    } else {
        "another value, and R, its packages or the process data are not those of then"
    };
    let rows = [
        vec![
            "then".to_owned(),
            plain(&told["expected"]),
            plain(&told["before_call_id"]),
        ],
        vec![
            "now".to_owned(),
            plain(&told["result_key"]),
            plain(&told["call_id"]),
        ],
    ];
    format!("{verdict}\n{}", table(&["", "RESULT", "CALL"], 0..0, &rows))
}

fn is_key(text: &str) -> bool {
    text.len() == KEY && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn checked(key: &str) -> anyhow::Result<&str> {
    ensure!(
        is_key(key),
        "{key} is no key of a result: {KEY} hexadecimal digits, as `dcp calc call` prints them behind `result`"
    );
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_result_is_kept_is_told_with_who_wanted_it() {
        let facts = json!({"class": "ephemeral", "ends_at": "2026-01-02T00:00:00Z", "size": 3, "retained": []});
        assert_eq!(
            keeping(&facts),
            "kept until 2026-01-02T00:00:00Z unless it is used again (ephemeral), 3 bytes\n"
        );
        let retained = json!([{"by": {"name": "Ada"}, "at": "now", "reason": "report"}]);
        let facts = json!({"class": "retained", "ends_at": null, "size": 3, "retained": retained});
        assert_eq!(
            keeping(&facts),
            "kept for good (retained), 3 bytes\n  now  Ada: report\n"
        );
    }

    #[test]
    fn a_comparison_says_what_another_value_means() {
        let verdict = |same: bool, computation: bool, deviation: bool| {
            let verdict =
                json!({"same": same, "same_computation": computation, "deviation": deviation});
            comparison(&verdict)
        };
        assert!(verdict(true, true, false).starts_with("the same value"));
        assert!(verdict(false, true, true).contains("the deviation is recorded"));
        assert!(verdict(false, true, false).contains("a volatile function"));
        assert!(verdict(false, false, false).contains("not those of then"));
        assert!(checked("abc").is_err() && checked(&"0a".repeat(32)).is_ok());
    }
}
