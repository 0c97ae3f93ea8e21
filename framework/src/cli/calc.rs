//! `dcp calc`: the functions of the calculation engine, what they gave, and the states of their scripts.

mod call;
mod results;
mod scripts;
mod value;
mod verify;

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::home::portal_url;
use crate::portal::{client, read, token};
use crate::table::plain;

/// What to do with scripts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Call a function and show its value. Such as: dcp calc call capability/cpk --arg x=[9.9,10.1] --arg lsl=9 --arg usl=11
    Call(call::Call),
    /// Show a result by its key, or write it into a file.
    Result(results::Wanted),
    /// Keep a result for good, with its plots and all results it was made of. Nothing takes that back.
    Keep {
        /// Its key.
        key: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Calculate again what a call gave, keep it again and compare. Ends with 1 when it is another value.
    Again {
        /// The call, or the key of the result.
        call: String,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// List all scripts.
    List,
    /// Show a script: its versions and functions, or one version with its history and examples.
    Show {
        /// The script, or script@version.
        script: String,
    },
    /// Submit a draft for review.
    Submit {
        /// The script, or script@version; the newest draft otherwise.
        script: String,
    },
    /// Send a version in review back to its author.
    Return {
        /// The script, or script@version; the newest in review otherwise.
        script: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Approve a version in review that somebody else has published.
    Approve {
        /// The script, or script@version; the newest in review otherwise.
        script: String,
    },
    /// Make an approved version the one that answers.
    MakeEffective {
        /// The script, or script@version; the newest approved one otherwise.
        script: String,
    },
    /// Look at an engine's installation, run the examples of every effective version again, and write it all as a signed report;
    /// or check one. Ends with 1 when an example or a known answer is not what it was.
    Verify(verify::Report),
    /// Register the environment of an engine (R, its library, the libraries below it) as found good, so that it answers more than
    /// drafts.
    Register {
        /// Why, such as the report that verified it.
        #[arg(long)]
        reason: String,
    },
    /// Retire a version: nothing answers under it any more.
    Retire {
        /// script@version.
        script: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

/// Which engine, and whose permission counts.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// Site whose permission counts.
    #[arg(long, global = true, default_value = "basel")]
    pub(crate) site: String,
    /// Node of the engine, such as nongxp-node; the portal's own otherwise.
    #[arg(long, global = true)]
    pub(crate) node: Option<String>,
}

impl Place {
    /// The request for this engine, signed with the kept token.
    pub(crate) fn ask(&self, request: RequestBuilder) -> anyhow::Result<RequestBuilder> {
        let request = request.query(&[("site", &self.site)]).bearer_auth(token()?);
        Ok(match &self.node {
            Some(node) => request.header("dcp-node", node),
            None => request,
        })
    }
}

/// Does it with the rights of the kept token.
pub(crate) async fn run(command: Command, place: Place) -> anyhow::Result<ExitCode> {
    let engine = Engine {
        client: client()?,
        place,
    };
    let done = match command {
        Command::Verify(report) => return verify::run(&engine, &report).await,
        Command::Again { call, json } => return results::again(&engine, &call, json).await,
        Command::Call(call) => call::run(&engine, &call).await,
        Command::Result(wanted) => results::show(&engine, &wanted).await,
        Command::Keep { key, reason } => results::keep(&engine, &key, &reason).await,
        Command::List => engine.list().await,
        Command::Register { reason } => engine.register(&reason).await,
        Command::Show { script } => engine.show(&script).await,
        Command::Submit { script } => engine.step(&script, "draft", "review", None).await,
        Command::Return { script, reason } => {
            engine.step(&script, "review", "draft", Some(&reason)).await
        }
        Command::Approve { script } => engine.step(&script, "review", "approved", None).await,
        Command::MakeEffective { script } => {
            engine.step(&script, "approved", "effective", None).await
        }
        Command::Retire { script, reason } => {
            if !script.contains('@') {
                bail!("name the version that is to be retired: {script}@version");
            }
            engine.step(&script, "", "retired", Some(&reason)).await
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// The engine behind the portal.
struct Engine {
    client: reqwest::Client,
    place: Place,
}

impl Engine {
    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.client.get(format!("{}/api/calc{path}", portal_url()));
        read(self.place.ask(request)?.send().await).await
    }

    async fn register(&self, reason: &str) -> anyhow::Result<()> {
        let body = json!({ "reason": reason });
        let all = self.post("/environments", &body).await?;
        let fingerprint = plain(&all["fingerprint"]);
        println!("the environment {fingerprint:.12} of the engine is registered");
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self
            .client
            .post(format!("{}/api/calc{path}", portal_url()))
            .json(body);
        read(self.place.ask(request)?.send().await).await
    }

    /// Takes a version to a state: the one that is named, or the newest in the state before.
    async fn step(
        &self,
        script: &str,
        before: &str,
        state: &str,
        reason: Option<&str>,
    ) -> anyhow::Result<()> {
        let (name, version) = match script.split_once('@') {
            Some((name, version)) => (name, version.to_owned()),
            None => (script, self.newest(script, before).await?),
        };
        let path = format!("/scripts/{name}/versions/{version}/state");
        let body = json!({ "state": state, "reason": reason });
        let one = self.post(&path, &body).await?;
        println!(
            "{name}@{:.12} is {}",
            plain(&one["version"]),
            plain(&one["state"])
        );
        Ok(())
    }

    async fn newest(&self, name: &str, state: &str) -> anyhow::Result<String> {
        let script = self.get(&format!("/scripts/{name}")).await?;
        let newest = listed(&script["versions"]).rfind(|one| one["state"] == state);
        let newest = newest.with_context(|| format!("{name} has no version in state {state}"))?;
        Ok(plain(&newest["version"]))
    }
}

/// A text in one line.
fn one_line(value: &Value) -> String {
    plain(value).replace('\n', "; ")
}

fn listed(value: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
