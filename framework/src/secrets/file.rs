//! Secrets in one TOML file that only its owner can read, encrypted or plain: for single machines and development.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::sealed::{FileKey, is_sealed};
use super::{Reading, Secret, SecretTable, Secrets, SecretsError};

/// A TOML file with one table per path; read anew each time, so that a changed secret needs no restart.
#[derive(Debug)]
pub struct FileSecrets {
    path: PathBuf,
    key_file: Option<PathBuf>,
}

impl FileSecrets {
    /// Opens the file and refuses one that others can read. If it is encrypted, its key is found without a setting.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SecretsError> {
        Self::open_with(path, None)
    }

    /// The same with the file of its key.
    pub fn open_with(
        path: impl AsRef<Path>,
        key_file: Option<PathBuf>,
    ) -> Result<Self, SecretsError> {
        let opened = Self::at(path, key_file);
        opened.all()?;
        Ok(opened)
    }

    /// The file at a path, which may not be there yet.
    pub fn at(path: impl AsRef<Path>, key_file: Option<PathBuf>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            key_file,
        }
    }

    fn unavailable(&self, reason: impl Into<String>) -> SecretsError {
        SecretsError::Unavailable {
            provider: format!("file {}", self.path.display()),
            reason: reason.into(),
        }
    }

    /// The file as it stands on the disk.
    fn raw(&self) -> Result<String, SecretsError> {
        only_for_owner(&self.path)
            .and_then(|()| std::fs::read_to_string(&self.path).map_err(|error| error.to_string()))
            .map_err(|reason| self.unavailable(reason))
    }

    /// Whether it is encrypted.
    pub fn is_sealed(&self) -> Result<bool, SecretsError> {
        Ok(is_sealed(&self.raw()?))
    }

    /// The TOML in it.
    pub fn text(&self) -> Result<Secret<String>, SecretsError> {
        let text = self.raw()?;
        if !is_sealed(&text) {
            return Ok(Secret::new(text));
        }
        FileKey::find(self.key_file.as_deref())
            .and_then(|key| key.open(&text))
            .map_err(|error| self.unavailable(error.to_string()))
    }

    /// Writes another TOML in its place: encrypted if it was, plain if it was or if there is none yet.
    pub fn write(&self, text: &str) -> Result<(), SecretsError> {
        if self.path.exists() && self.is_sealed()? {
            let key = FileKey::find(self.key_file.as_deref());
            let key = key.map_err(|error| self.unavailable(error.to_string()))?;
            return self.write_sealed(text, &key);
        }
        self.write_plain(text)
    }

    /// Writes a TOML in its place, encrypted.
    pub fn write_sealed(&self, text: &str, key: &FileKey) -> Result<(), SecretsError> {
        let sealed = key.seal(text);
        self.write_plain(&sealed.map_err(|error| self.unavailable(error.to_string()))?)
    }

    /// Writes a text in its place as it is: all of it or, whatever happens, nothing.
    pub fn write_plain(&self, text: &str) -> Result<(), SecretsError> {
        write_private(&self.path, text, 0o600).map_err(|error| self.unavailable(error.to_string()))
    }

    /// Everything in the file, by path.
    pub fn all(&self) -> Result<BTreeMap<String, SecretTable>, SecretsError> {
        let text = self.text()?;
        let text = text.expose();
        // The parser's message would quote the line, which may hold a secret.
        let tree: toml::Table = toml::from_str(text).map_err(|error| {
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

/// Writes a file that only its owner can read, with everything on the disk before it takes the place of another.
pub fn write_private(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let new = path.with_extension("new");
    std::fs::remove_file(&new).unwrap_or_default();
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(mode).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(new, path)
}

/// Refuses a file that others than its owner can read or change, with what to do.
pub(super) fn only_for_owner(path: &Path) -> Result<(), String> {
    let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            format!("{error}; `dcp init-secrets` writes one, or set DCP__SECRETS__URL")
        }
        _ => error.to_string(),
    })?;
    if meta.permissions().mode() & 0o077 != 0 {
        return Err("others can read it; run chmod 600 on it".to_owned());
    }
    Ok(())
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

    #[tokio::test]
    async fn an_encrypted_file_gives_the_same_secrets_and_stays_encrypted() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let key = FileKey::generate();
        write_private(&path("key"), key.text().expose(), 0o400).unwrap();
        let file = FileSecrets::at(path("secrets.toml"), Some(path("key")));
        file.write_plain("[pi.dryers]\npassword = \"canary\"\n")
            .unwrap();
        assert!(!file.is_sealed().unwrap());
        file.write_sealed(file.text().unwrap().expose(), &key)
            .unwrap();
        file.write(&format!("{}user = \"u\"\n", file.text().unwrap().expose()))
            .unwrap();
        let found = get(&file, "pi/dryers", "password").await.unwrap();
        assert_eq!(found.expose(), "canary");
        assert_eq!(get(&file, "pi/dryers", "user").await.unwrap().expose(), "u");
        let raw = std::fs::read_to_string(path("secrets.toml")).unwrap();
        assert!(is_sealed(&raw) && !raw.contains("canary"));
        let other = FileKey::generate();
        write_private(&path("other"), other.text().expose(), 0o400).unwrap();
        for (key, reason) in [
            ("other", "the key is not the one it was encrypted with"),
            ("lost", "key "),
        ] {
            let error = FileSecrets::open_with(path("secrets.toml"), Some(path(key)));
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains(reason) && !error.contains("canary"),
                "{error}"
            );
        }
        let open = std::fs::Permissions::from_mode(0o440);
        std::fs::set_permissions(path("key"), open).unwrap();
        let error = FileSecrets::open_with(path("secrets.toml"), Some(path("key")));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

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
