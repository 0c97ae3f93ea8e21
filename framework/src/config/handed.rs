//! What a node hands to the process of a module without showing it: secret values come through the standard input, because the
//! variables of a process can be read as long as it lives.

use std::collections::HashMap;
use std::io::Read as _;

use super::{SettingsError, shown};

/// The variable that says that further variables stand in the standard input, as an object of JSON.
pub(crate) const HANDED: &str = "DCP_HANDED_OVER";
/// Settings are short, and a pipe holds this much without anybody reading.
pub(crate) const HANDED_BYTES: usize = 32 * 1024;

/// Whether the value of a variable may not be shown.
pub(crate) fn is_secret(variable: &str, value: &str) -> bool {
    let key = variable.trim_start_matches("DCP__").to_lowercase();
    shown::text(&key.replace("__", "."), value) != value
}

/// The variables of this process with those that were handed over; nothing when nothing was.
pub(crate) fn variables() -> Result<Option<HashMap<String, String>>, SettingsError> {
    let own = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut all: HashMap<String, String> = own.collect();
    if !all.contains_key(HANDED) {
        return Ok(None);
    }
    let mut text = String::new();
    let bytes = HANDED_BYTES as u64;
    let read = std::io::stdin().take(bytes).read_to_string(&mut text);
    let broken = |error: String| {
        let text = format!("what the node hands over cannot be read: {error}");
        SettingsError::Invalid(text)
    };
    read.map_err(|error| broken(error.to_string()))?;
    // The text of the error would show what was read.
    let handed: HashMap<String, String> =
        serde_json::from_str(&text).map_err(|_| broken("it is no JSON".to_owned()))?;
    all.extend(handed);
    Ok(Some(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_shown_is_not_handed_over_as_a_variable() {
        for (variable, value) in [
            ("DCP__BUS__PASSWORD", "canary"),
            ("DCP__BUS__URL", "amqp://dcp:canary@host/gxp"),
            ("DCP__STORE__URL", "mssql:server=a;password=canary"),
            ("DCP__SECRETS__TOKEN", "canary"),
            ("DCP__MODULE__OTHER_BUS__URL", "amqp://dcp:canary@host/gxp"),
        ] {
            assert!(is_secret(variable, value), "{variable}");
        }
        for (variable, value) in [
            ("DCP__BUS__PASSWORD", "secret://bus/mvda#password"),
            ("DCP__BUS__KEY", "/etc/dcp/key.pem"),
            ("DCP__SECRETS__SECRET_ID_FILE", "/etc/dcp/id"),
            ("DCP__EDGE__URL", "http://127.0.0.1:7400"),
            ("DCP__LOG__LEVEL", "info"),
        ] {
            assert!(!is_secret(variable, value), "{variable}");
        }
    }
}
