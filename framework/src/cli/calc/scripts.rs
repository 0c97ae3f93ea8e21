//! `dcp calc list` and `show`: scripts, their versions and functions.

use serde_json::{Value, json};

use super::{Engine, listed, one_line};
use crate::table::{plain, table};

impl Engine {
    pub(super) async fn list(&self) -> anyhow::Result<()> {
        let all = self.get("/scripts").await?;
        let rows: Vec<Vec<String>> = listed(&all)
            .map(|one| {
                let by = match &one["brought_by"] {
                    Value::Null => plain(&one["published_by"]["name"]),
                    module => plain(module),
                };
                let version = format!("{:.12}", plain(&one["effective"]));
                let names: Vec<String> = listed(&one["functions"]).map(plain).collect();
                let state = plain(&one["state"]);
                vec![
                    plain(&one["name"]),
                    state,
                    version,
                    plain(&one["versions"]),
                    by,
                    names.join(", "),
                ]
            })
            .collect();
        let head = [
            "SCRIPT",
            "STATE",
            "EFFECTIVE",
            "VERSIONS",
            "BY",
            "FUNCTIONS",
        ];
        print!("{}", table(&head, 3..4, &rows));
        Ok(())
    }

    pub(super) async fn show(&self, script: &str) -> anyhow::Result<()> {
        match script.split_once('@') {
            Some((name, version)) => self.show_version(name, version).await,
            None => self.show_script(script).await,
        }
    }

    async fn show_script(&self, name: &str) -> anyhow::Result<()> {
        let script = self.get(&format!("/scripts/{name}")).await?;
        let rows: Vec<Vec<String>> = listed(&script["versions"])
            .map(|one| {
                let ran = &one["examples"];
                let examples = format!("{} of {} the same", ran["same"], ran["of"]);
                let (by, at) = (&one["published_by"]["name"], &one["published_at"]);
                let version = format!("{:.12}", plain(&one["version"]));
                vec![
                    version,
                    plain(&one["state"]),
                    plain(by),
                    plain(at),
                    examples,
                ]
            })
            .collect();
        let head = ["VERSION", "STATE", "PUBLISHED BY", "AT", "EXAMPLES"];
        print!("{}", table(&head, 0..0, &rows));
        for function in listed(&script["functions"]) {
            let args: Vec<String> = listed(&function["args"])
                .map(|arg| plain(&arg["name"]))
                .collect();
            let (name, title) = (plain(&function["name"]), plain(&function["title"]));
            println!("\n{name}({})\n  {title}", args.join(", "));
        }
        Ok(())
    }

    async fn show_version(&self, name: &str, version: &str) -> anyhow::Result<()> {
        let one = self
            .get(&format!("/scripts/{name}/versions/{version}"))
            .await?;
        println!(
            "{name}@{} is {}",
            plain(&one["version"]),
            plain(&one["state"])
        );
        for change in listed(&one["history"]) {
            let (at, state, by) = (&change["at"], &change["state"], &change["by"]["name"]);
            let why = change["reason"].as_str().map(|why| format!(": {why}"));
            let why = why.unwrap_or_default();
            println!("  {}  {} by {}{why}", plain(at), plain(state), plain(by));
        }
        for example in listed(&one["examples"]) {
            let gave = match (&example["failure"], example["same"] == json!(true)) {
                (Value::String(failure), _) => format!("failed: {failure}"),
                (_, true) => "gave the same value twice".to_owned(),
                (_, false) => "gave two values".to_owned(),
            };
            let code = one_line(&example["example"]);
            println!("  example {code} {gave}");
        }
        for doubt in listed(&one["doubts"]) {
            println!("  ! {}", plain(doubt));
        }
        Ok(())
    }
}
