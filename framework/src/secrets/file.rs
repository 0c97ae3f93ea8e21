//! Secrets in one TOML file that only its owner can read: for development and single machines.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Reading, Secret, SecretTable, Secrets, SecretsError};

/// A TOML file with one table per path; read anew each time, so that a changed secret needs no restart.
#[derive(Debug)]
pub struct FileSecrets {
    path: PathBuf,
}

impl FileSecrets {
    /// Opens the file and refuses one that others can read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SecretsError> {
        let opened = Self {
            path: path.as_ref().to_owned(),
        };
        opened.all()?;
        Ok(opened)
    }

    fn unavailable(&self, reason: impl Into<String>) -> SecretsError {
        SecretsError::Unavailable {
            provider: format!("file {}", self.path.display()),
            reason: reason.into(),
        }
    }

    /// Everything in the file, by path.
    pub fn all(&self) -> Result<BTreeMap<String, SecretTable>, SecretsError> {
        let meta = std::fs::metadata(&self.path).map_err(|error| {
            self.unavailable(format!(
                "{error}; infra/up writes one, or set DCP__SECRETS__URL"
            ))
        })?;
        if meta.permissions().mode() & 0o077 != 0 {
            return Err(self.unavailable("others can read it; run chmod 600 on it"));
        }
        let text = std::fs::read_to_string(&self.path)
            .map_err(|error| self.unavailable(error.to_string()))?;
        // The parser's message would quote the line, which may hold a secret.
        let tree: toml::Table = toml::from_str(&text).map_err(|error| {
            let line = error
                .span()
                .map_or(0, |span| text[..span.start.min(text.len())].lines().count());
            self.unavailable(format!("it is not valid TOML near line {line}"))
        })?;
        let mut tables = BTreeMap::new();
        flatten("", tree, &mut tables);
        Ok(tables)
    }
}

/// `["service/mvda"]` and `[service.mvda]` both mean the path `service/mvda`.
fn flatten(path: &str, table: toml::Table, into: &mut BTreeMap<String, SecretTable>) {
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => {
                let below = if path.is_empty() {
                    key
                } else {
                    format!("{path}/{key}")
                };
                flatten(&below, inner, into);
            }
            value => {
                let text = match value {
                    toml::Value::String(text) => text,
                    other => other.to_string(),
                };
                into.entry(path.to_owned())
                    .or_default()
                    .insert(key, Secret::new(text));
            }
        }
    }
}

impl Secrets for FileSecrets {
    fn read<'a>(&'a self, path: &'a str) -> Reading<'a> {
        Box::pin(async move {
            self.all()?
                .remove(path)
                .ok_or_else(|| SecretsError::Missing(path.to_owned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::get;
    use super::*;

    fn written(text: &str, mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    #[tokio::test]
    async fn a_secret_is_found_by_path_and_key() {
        let file = written(
            "[\"service/mvda\"]\ntoken = \"t1\"\n[pi.dryers]\npassword = \"p1\"\n",
            0o600,
        );
        let secrets = FileSecrets::open(file.path()).unwrap();
        assert_eq!(
            get(&secrets, "service/mvda", "token")
                .await
                .unwrap()
                .expose(),
            "t1"
        );
        assert_eq!(
            get(&secrets, "pi/dryers", "password")
                .await
                .unwrap()
                .expose(),
            "p1"
        );
        let missing = get(&secrets, "pi/dryers", "user")
            .await
            .unwrap_err()
            .to_string();
        assert_eq!(missing, "there is no secret pi/dryers#user");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let error = FileSecrets::open(written("", 0o644).path())
            .unwrap_err()
            .to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_broken_file_is_named_without_its_content() {
        let error = FileSecrets::open(written("[a]\nkey = hunter2\n", 0o600).path())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 2") && !error.contains("hunter2"),
            "{error}"
        );
    }
}
