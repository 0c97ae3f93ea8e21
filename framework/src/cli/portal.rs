//! The portal from the command line: logging in and the kept token.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::StatusCode;
use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::home::{elsewhere, portal_url};

const ANSWER_TIME: Duration = Duration::from_secs(90);

/// Client for the portal.
pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .timeout(ANSWER_TIME)
        .redirect(reqwest::redirect::Policy::none())
        .build()?)
}

/// The answer's JSON, or its problem in words.
pub(crate) async fn read(answer: reqwest::Result<reqwest::Response>) -> anyhow::Result<Value> {
    let answer = answer.with_context(unreachable)?;
    let status = answer.status();
    let body = answer.bytes().await?;
    if !status.is_success() {
        bail!(refused(status, &body));
    }
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

/// What to say where nothing answers.
pub(crate) fn unreachable() -> String {
    let url = portal_url();
    format!("the portal at {url} cannot be reached; infra/up starts it, DCP_URL names another")
}

/// A problem in words.
pub(crate) fn refused(status: StatusCode, body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let title = value["title"].as_str().unwrap_or("the portal refuses");
    let mut text = format!("{title} ({status})");
    if let Some(line) = value["line"].as_u64() {
        let file = value["file"].as_str().map(|file| format!("{file}, "));
        text = format!("{text}, {}line {line}", file.unwrap_or_default());
    }
    if let Some(detail) = value["detail"].as_str() {
        text = format!("{text}: {detail}");
    }
    for error in value["errors"].as_array().into_iter().flatten() {
        let (at, why) = (error["pointer"].as_str(), error["detail"].as_str());
        let part = format!("{} {}", at.unwrap_or(""), why.unwrap_or(""));
        // Where one thing is wrong, the detail has said it.
        if !text.contains(&part) {
            text = format!("{text}\n  {part}");
        }
    }
    text
}

/// Logs in, makes an API token and keeps it; the session itself is closed again.
pub(crate) async fn login(user: &str, days: u32) -> anyhow::Result<()> {
    let (url, client) = (portal_url(), client()?);
    let password = match std::env::var("DCP_PASSWORD") {
        Ok(password) => password,
        Err(_) => rpassword::prompt_password(format!("Password of {user} at {url}: "))
            .context("no password: there is no terminal to ask for it; set DCP_PASSWORD")?,
    };
    let session = format!("{url}/api/login/session");
    let answer = client
        .post(&session)
        .header(ORIGIN, &url)
        .json(&json!({ "login": user, "password": password }))
        .send()
        .await;
    let cookie = answer.as_ref().ok().and_then(|answer| {
        answer
            .headers()
            .get(SET_COOKIE)?
            .to_str()
            .ok()?
            .split(';')
            .next()
            .map(str::to_owned)
    });
    let body = read(answer).await?;
    if body["must_change_password"] == json!(true) {
        bail!("the password of {user} must be changed first: log in at {url}");
    }
    let cookie = cookie.context("the portal opened no session")?;
    let machine = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let wish = json!({ "name": format!("dcp on {}", machine.trim()), "ttl_days": days });
    let made = read(
        client
            .post(format!("{url}/api/login/tokens"))
            .header(ORIGIN, &url)
            .header(COOKIE, &cookie)
            .json(&wish)
            .send()
            .await,
    )
    .await?;
    let token = made["token"].as_str().context("the portal made no token")?;
    keep(&url, token)?;
    read(
        client
            .delete(&session)
            .header(ORIGIN, &url)
            .header(COOKIE, &cookie)
            .send()
            .await,
    )
    .await?;
    println!(
        "logged in at {url} as {} until {}",
        body["user"]["name"].as_str().unwrap_or(user),
        made["expires_at"].as_str().unwrap_or("?")
    );
    Ok(())
}

/// Tokens by the address of their portal, and where the last login was.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    #[serde(flatten)]
    tokens: BTreeMap<String, String>,
}

/// The portal of the last login, which the commands after it mean.
pub(crate) fn last_login() -> Option<String> {
    kept().ok()?.last
}

/// The kept token of this portal.
pub(crate) fn token() -> anyhow::Result<String> {
    let url = portal_url();
    if let Some(told) = elsewhere() {
        eprintln!("{told}");
    }
    kept()?
        .tokens
        .remove(&url)
        .with_context(|| format!("not logged in at {url}; run `dcp login <user>`"))
}

fn file() -> anyhow::Result<PathBuf> {
    let base = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")));
    Ok(base.context("HOME is not set")?.join("dcp/tokens.toml"))
}

fn kept() -> anyhow::Result<Kept> {
    match std::fs::read_to_string(file()?) {
        Ok(text) => toml::from_str(&text).with_context(|| {
            format!(
                "{} is damaged; remove it and log in again",
                file().unwrap_or_default().display()
            )
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Kept::default()),
        Err(error) => Err(error.into()),
    }
}

fn keep(url: &str, token: &str) -> anyhow::Result<()> {
    let mut all = kept()?;
    all.last = Some(url.to_owned());
    all.tokens.insert(url.to_owned(), token.to_owned());
    let file = file()?;
    let written = dcp::secrets::write_private(&file, &toml::to_string(&all)?, 0o600);
    written.with_context(|| format!("{} cannot be written", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_of_before_are_read_and_the_last_login_stands_beside_them() {
        let before = "\"https://a.example\" = \"t1\"\n";
        let mut kept: Kept = toml::from_str(before).unwrap();
        assert_eq!(
            (&kept.last, kept.tokens["https://a.example"].as_str()),
            (&None, "t1")
        );
        assert_eq!(toml::to_string(&kept).unwrap(), before);
        kept.last = Some("https://a.example".into());
        let again: Kept = toml::from_str(&toml::to_string(&kept).unwrap()).unwrap();
        assert_eq!(again, kept);
    }
}
