//! `dcp calc verify`: the verification report of an engine after its installation or a change, signed with the node's key.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use dcp::identity::{PUBLIC_KEY, Signatory, Signer, Verifier};
use dcp::secrets::Secret;
use serde_json::{Value, json};

use super::{Engine, listed, one_line};
use crate::secret_file;
use crate::table::plain;

/// Which report, and which keys.
#[derive(clap::Args)]
pub(crate) struct Report {
    /// The report, as JSON; its signature stands beside it, with `.jws` behind the name.
    #[arg(long, default_value = "calc-verification.json")]
    output: PathBuf,
    /// Check the signature of a report instead of writing one.
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    check: Option<PathBuf>,
    /// The key, as PEM: private to sign, public to check; the node's own from its secrets otherwise.
    #[arg(long, value_name = "PEM")]
    key: Option<PathBuf>,
}

/// Writes a report, or checks one.
pub(super) async fn run(engine: &Engine, report: &Report) -> anyhow::Result<ExitCode> {
    let key = report.key.as_deref();
    match &report.check {
        Some(file) => check(file, &verifier(key).await?),
        // The key comes first: nobody waits for a report that cannot be signed.
        None => verify(engine, &report.output, &Seal::of(key).await?).await,
    }
}

/// What signs the report.
enum Seal {
    Key(Signer),
    Node(Signatory),
}

impl Seal {
    async fn of(key: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = key else {
            let node = Signatory::open(secret_file::of_node().await?).await;
            return Ok(Self::Node(node.context(NOT_HERE)?));
        };
        Ok(Self::Key(Signer::from_pem(&Secret::new(read(file)?))?))
    }

    async fn sign(&self, content: &[u8]) -> anyhow::Result<String> {
        match self {
            Self::Key(signer) => Ok(signer.sign_document(content)),
            Self::Node(node) => {
                let signed = node.document(content).await;
                signed.context("the report cannot be signed")
            }
        }
    }
}

async fn verifier(key: Option<&Path>) -> anyhow::Result<Verifier> {
    if let Some(file) = key {
        return Ok(Verifier::from_pem(&read(file)?)?);
    }
    let secrets = secret_file::of_node().await?;
    let keys = secrets.read(PUBLIC_KEY).await.context(NOT_HERE)?;
    Ok(Verifier::from_table(&keys)?)
}

const NOT_HERE: &str =
    "the node's key cannot be used here; run where its secrets are, or name one with --key";

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// Looks at the installation, runs every known answer again, and writes the report with its signature.
async fn verify(engine: &Engine, output: &Path, seal: &Seal) -> anyhow::Result<ExitCode> {
    let installation = engine.get("/installation").await?;
    let scripts = engine.get("/scripts").await?;
    let mut checked = Vec::new();
    for script in listed(&scripts).filter(|script| !script["effective"].is_null()) {
        checked.push(repeat(engine, script).await?);
    }
    let wrong = wrong_answers(&installation);
    let examples = || {
        checked
            .iter()
            .flat_map(|script| listed(&script["examples"]))
    };
    let different = examples().filter(|one| one["same"] != json!(true)).count();
    let tests = || checked.iter().flat_map(|script| listed(&script["tests"]));
    let failed = tests().filter(|one| one["passed"] != json!(true)).count();
    let passed = different == 0 && failed == 0 && wrong == 0;
    let report = json!({
        "installation": installation, "scripts": checked, "examples": examples().count(), "different": different,
        "tests": tests().count(), "failed_tests": failed,
        "wrong_known_answers": wrong, "passed": passed });
    write(output, &report, seal).await?;
    println!(
        "{} effective scripts, {} examples, {different} different, {} tests, {failed} failed, {wrong} known answers wrong; the report is {}, signed in {}",
        checked.len(),
        examples().count(),
        tests().count(),
        output.display(),
        signature_of(output).display()
    );
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The examples of a script again, with its history.
async fn repeat(engine: &Engine, script: &Value) -> anyhow::Result<Value> {
    let (name, version) = (plain(&script["name"]), plain(&script["effective"]));
    let path = format!("/scripts/{name}/versions/{version}");
    let known = engine.get(&path).await?;
    let again = engine
        .post(&format!("{path}/verification"), &json!({}))
        .await?;
    for example in listed(&again["examples"]).filter(|one| one["same"] != json!(true)) {
        let code = one_line(&example["example"]);
        println!("{name}@{version:.12}: {code} gives something else than at its publication");
    }
    for test in listed(&again["tests"]).filter(|one| one["passed"] != json!(true)) {
        let (file, why) = (plain(&test["file"]), plain(&test["failure"]));
        println!("{name}@{version:.12}: {file} does not pass any more: {why}");
    }
    Ok(json!({
        "script": name, "version": version, "brought_by": script["brought_by"], "history": known["history"],
        "examples": again["examples"], "tests": again["tests"], "environment": again["environment"], "at": again["at"],
    }))
}

fn wrong_answers(installation: &Value) -> usize {
    let answers = listed(&installation["known_answers"]);
    let wrong = answers.filter(|answer| answer["same"] != json!(true));
    wrong
        .inspect(|answer| {
            let (what, gave, expected) = (&answer["what"], &answer["gave"], &answer["expected"]);
            println!("{}: {gave} instead of {expected}", plain(what));
        })
        .count()
}

fn signature_of(report: &Path) -> PathBuf {
    let mut name = report.as_os_str().to_owned();
    name.push(".jws");
    name.into()
}

async fn write(output: &Path, report: &Value, seal: &Seal) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(report)? + "\n";
    let signature = seal.sign(text.as_bytes()).await? + "\n";
    for (file, content) in [(output, text), (&signature_of(output), signature)] {
        std::fs::write(file, content)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

fn check(file: &Path, verifier: &Verifier) -> anyhow::Result<ExitCode> {
    let (text, signature) = (read(file)?, read(&signature_of(file))?);
    if let Err(refused) = verifier.check_document(text.as_bytes(), &signature) {
        bail!(
            "the report {} is not what was signed with this key: {refused}",
            file.display()
        );
    }
    let report: Value = serde_json::from_str(&text).context("the report is no JSON")?;
    let installation = &report["installation"];
    println!(
        "{} is as it was signed: the engine of {} at {}, which {}",
        file.display(),
        plain(&installation["node"]),
        plain(&installation["at"]),
        if report["passed"] == json!(true) {
            "passed"
        } else {
            "did not pass"
        }
    );
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dcp::identity::generate_keys;

    #[tokio::test]
    async fn a_report_is_checked_by_its_signature() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        let (private, public) = generate_keys().unwrap();
        let verifier = Verifier::from_pem(&public).unwrap();
        let report = json!({ "installation": { "node": "n", "at": "now" }, "passed": true });
        let seal = Seal::Key(Signer::from_pem(&private).unwrap());
        write(&file, &report, &seal).await.unwrap();
        assert!(check(&file, &verifier).is_ok());
        let changed = read(&file).unwrap().replace("true", "false");
        std::fs::write(&file, changed).unwrap();
        let refused = check(&file, &verifier).unwrap_err().to_string();
        assert!(
            refused.contains("not what was signed")
                && refused.contains("the report")
                && !refused.contains("token"),
            "{refused}"
        );
        std::fs::remove_file(signature_of(&file)).unwrap();
        assert!(check(&file, &verifier).is_err());
    }
}
