//! Arguments of a module's process. They are so few that a parser would be larger than they are.

use std::ffi::OsString;
use std::path::PathBuf;

const HELP: &str = "[--config FILE] [--migrate plan|apply|where] [--copy-from sqlite:FILE | --copy-to sqlite:FILE] [--settings show|document] | --version | --help";

/// Arguments that nobody understands.
#[derive(Debug, thiserror::Error)]
#[error("{0}; the arguments are: {HELP}")]
pub(super) struct Wrong(String);

/// What the process was asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arguments {
    /// Run.
    Run(Run),
    /// Show a text and end; the version when there is none.
    Show(Option<&'static str>),
}

/// How to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    /// File with settings.
    pub(super) config: Option<PathBuf>,
    /// Only this with the database, and no service.
    pub(super) migrate: Option<Migrating>,
    /// Only tell the module's own settings, and open nothing.
    pub(super) settings: Option<Telling>,
}

/// What is told of the module's own settings; `dcp config` and the node ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// What is in force, after the same check as at a start.
    Effective,
    /// What may be set.
    Document,
}

/// What is done with the database instead of serving; `dcp migrate` and `dcp db` ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Migrating {
    /// Look what is due.
    Plan,
    /// Apply it.
    Apply,
    /// Tell where it is.
    Where,
    /// Fill it from the file of SQLite at this address.
    CopyFrom(String),
    /// Copy it to a new file of SQLite at this address.
    CopyTo(String),
}

impl Arguments {
    pub(super) fn of_process() -> Result<Self, Wrong> {
        Self::of(std::env::args_os().skip(1))
    }

    fn of(mut given: impl Iterator<Item = OsString>) -> Result<Self, Wrong> {
        let mut run = Run::default();
        while let Some(argument) = given.next() {
            match argument.to_str() {
                Some("--config") => {
                    let file = given
                        .next()
                        .ok_or_else(|| Wrong("--config needs a file".into()))?;
                    run.config = Some(file.into());
                }
                Some("--migrate") => {
                    let order = given.next();
                    run.migrate = Some(match order.as_deref().and_then(|order| order.to_str()) {
                        Some("plan") => Migrating::Plan,
                        Some("apply") => Migrating::Apply,
                        Some("where") => Migrating::Where,
                        _ => return Err(Wrong("--migrate needs plan, apply or where".into())),
                    });
                }
                Some(way @ ("--copy-from" | "--copy-to")) => {
                    let file = given.next().and_then(|file| file.into_string().ok());
                    let file = file.ok_or_else(|| Wrong(format!("{way} needs sqlite:FILE")))?;
                    run.migrate = Some(match way {
                        "--copy-to" => Migrating::CopyTo(file),
                        _ => Migrating::CopyFrom(file),
                    });
                }
                Some("--settings") => {
                    let what = given.next();
                    run.settings = Some(match what.as_deref().and_then(|what| what.to_str()) {
                        Some("show") => Telling::Effective,
                        Some("document") => Telling::Document,
                        _ => return Err(Wrong("--settings needs show or document".into())),
                    });
                }
                Some("--version") => return Ok(Self::Show(None)),
                Some("--help") => {
                    return Ok(Self::Show(Some(HELP)));
                }
                _ => return Err(Wrong(format!("{} is no argument", argument.display()))),
            }
        }
        Ok(Self::Run(run))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[&str]) -> Result<Arguments, Wrong> {
        Arguments::of(given.iter().map(OsString::from))
    }

    #[test]
    fn arguments_are_understood_or_refused() {
        assert_eq!(of(&[]).unwrap(), Arguments::Run(Run::default()));
        assert_eq!(
            of(&["--config", "a.toml"]).unwrap(),
            Arguments::Run(Run {
                config: Some("a.toml".into()),
                ..Run::default()
            })
        );
        assert_eq!(
            of(&["--migrate", "apply"]).unwrap(),
            Arguments::Run(Run {
                migrate: Some(Migrating::Apply),
                ..Run::default()
            })
        );
        assert!(of(&["--migrate", "verify"]).is_err());
        assert_eq!(
            of(&["--copy-to", "sqlite:a.db"]).unwrap(),
            Arguments::Run(Run {
                migrate: Some(Migrating::CopyTo("sqlite:a.db".to_owned())),
                ..Run::default()
            })
        );
        assert!(of(&["--copy-to"]).is_err());
        assert!(of(&["--settings"]).is_err());
        assert_eq!(of(&["--version"]).unwrap(), Arguments::Show(None));
        assert!(of(&["--config"]).is_err());
        assert!(
            of(&["serve"])
                .unwrap_err()
                .to_string()
                .starts_with("serve is no argument")
        );
    }
}
