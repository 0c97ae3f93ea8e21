//! How settings reach the process of a module: as variables, and what is secret in them through its standard input.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::process::Stdio;

use tokio::process::Command;

use crate::config::handed::{HANDED, HANDED_BYTES, is_secret};

/// Gives the process these variables in the place of the node's own settings.
pub(super) fn hand_over(command: &mut Command, variables: &[(String, String)]) -> io::Result<()> {
    let own = std::env::vars_os().map(|(name, _)| name);
    for name in own.filter(|name| name.as_encoded_bytes().starts_with(b"DCP__")) {
        command.env_remove(name);
    }
    let (secret, plain): (BTreeMap<_, _>, BTreeMap<_, _>) = variables
        .iter()
        .map(|(name, value)| (name, value))
        .partition(|(name, value)| is_secret(name, value));
    command.envs(plain);
    if secret.is_empty() {
        command.stdin(Stdio::null());
        return Ok(());
    }
    let text = serde_json::to_vec(&secret)?;
    if text.len() > HANDED_BYTES {
        return Err(io::Error::other(
            "the secret settings of a module are too long",
        ));
    }
    // The pipe holds all of it, so nobody waits for the process.
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(&text)?;
    command.env(HANDED, "stdin").stdin(Stdio::from(reader));
    Ok(())
}
