//! `dcp secrets`: the file of secrets of this platform, encrypted or plain.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::Arc;

use anyhow::{Context, bail};
use dcp::node::NodeConfig;
use dcp::secrets::{self, FileKey, FileSecrets, Secret, Secrets, write_private};
use toml::{Table, Value};

use super::home::{home, nodes};

/// What is done with the file of secrets.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Show the paths and keys, and no value.
    Ls,
    /// Write one secret; the value is asked for, or read from the standard input.
    Set {
        /// Path, such as `pi/dryers`.
        path: String,
        /// Key, such as `password`.
        key: String,
    },
    /// Remove one secret.
    Unset {
        /// Path.
        path: String,
        /// Key.
        key: String,
    },
    /// Open the TOML in the program of `VISUAL` or `EDITOR`, and keep what is valid.
    Edit,
    /// Encrypt the file; again for another key.
    Encrypt {
        /// File of the key; made with mode 0400 when it is not there.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
    /// Make the file plain again.
    Decrypt,
}

/// The settings of a node of this platform, when one is set up.
fn settings() -> anyhow::Result<Option<NodeConfig>> {
    let home = home()?;
    let read = |node: String| NodeConfig::load(&home.join("run").join(format!("{node}.toml"))).ok();
    Ok(nodes(&home).into_iter().find_map(read))
}

/// The file of secrets of this platform, with the key that the settings of its nodes name.
pub(crate) fn file() -> anyhow::Result<FileSecrets> {
    let key_file = settings()?.and_then(|node| node.secrets.key_file);
    Ok(FileSecrets::at(
        home()?.join("secrets.toml"),
        key_file.map(Into::into),
    ))
}

/// The secrets of a node of this platform, as the node itself reads them; the file of secrets where no node is set up.
pub(crate) async fn of_node() -> anyhow::Result<Arc<dyn Secrets>> {
    match settings()? {
        Some(node) => Ok(secrets::open(&node.secrets.of_reader(&node.node.name)).await?),
        None => Ok(Arc::new(file()?)),
    }
}

/// Whether a key of the vault signs for the nodes of this platform.
pub(crate) fn is_signed_by_vault() -> anyhow::Result<bool> {
    Ok(settings()?.is_some_and(|node| node.secrets.transit.is_some()))
}

/// Does it.
pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    let file = file()?;
    match command {
        Command::Ls => list(&file),
        Command::Set { path, key } => set(&file, path, key),
        Command::Unset { path, key } => unset(&file, path, key),
        Command::Edit => edit(&file),
        Command::Encrypt { key_file } => encrypt(&file, key_file),
        Command::Decrypt => {
            file.write_plain(file.text()?.expose())?;
            println!(
                "The file of secrets is plain; take secrets.key_file out of the settings of the nodes."
            );
            Ok(())
        }
    }
}

fn list(file: &FileSecrets) -> anyhow::Result<()> {
    for (path, keys) in file.all()? {
        for key in keys.keys() {
            println!("{path}#{key}");
        }
    }
    if !file.is_sealed()? {
        eprintln!("The file is not encrypted; `dcp secrets encrypt --key-file FILE` does that.");
    }
    Ok(())
}

/// The tables of the file; a wrong one is named without its content.
pub(crate) fn read(file: &FileSecrets) -> anyhow::Result<Table> {
    file.all()?;
    Ok(toml::from_str(file.text()?.expose())?)
}

/// Writes the tables.
pub(crate) fn write(file: &FileSecrets, all: &Table) -> anyhow::Result<()> {
    Ok(file.write(&toml::to_string(all)?)?)
}

/// The table of a path, however the file spells it: `["pi/dryers"]` or `[pi.dryers]`.
fn table<'a>(all: &'a mut Table, path: &str) -> Option<&'a mut Table> {
    if all.contains_key(path) {
        return all.get_mut(path)?.as_table_mut();
    }
    let mut parts = path.split('/');
    let first = all.get_mut(parts.next()?)?.as_table_mut()?;
    parts.try_fold(first, |table, part| table.get_mut(part)?.as_table_mut())
}

fn set(file: &FileSecrets, path: &str, key: &str) -> anyhow::Result<()> {
    let mut all = read(file)?;
    let value = Value::String(value(path, key)?.expose().clone());
    if let Some(found) = table(&mut all, path) {
        found.insert(key.to_owned(), value);
    } else {
        let fresh = Table::from_iter([(key.to_owned(), value)]);
        all.insert(path.to_owned(), Value::Table(fresh));
    }
    write(file, &all)?;
    println!("{path}#{key} is written");
    Ok(())
}

/// Never an argument, which everybody on the machine could read.
fn value(path: &str, key: &str) -> anyhow::Result<Secret<String>> {
    if std::io::stdin().is_terminal() {
        return Ok(Secret::new(rpassword::prompt_password(format!(
            "{path}#{key}: "
        ))?));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
    if text.is_empty() {
        bail!("the standard input holds no value");
    }
    Ok(Secret::new(text))
}

fn unset(file: &FileSecrets, path: &str, key: &str) -> anyhow::Result<()> {
    let mut all = read(file)?;
    let removed = table(&mut all, path).and_then(|found| found.remove(key));
    removed.with_context(|| format!("there is no secret {path}#{key}"))?;
    write(file, &all)?;
    println!("{path}#{key} is removed");
    Ok(())
}

fn encrypt(file: &FileSecrets, key_file: &Path) -> anyhow::Result<()> {
    let text = file.text()?;
    let made = !key_file.exists();
    if made {
        write_private(key_file, FileKey::generate().text().expose(), 0o400)
            .with_context(|| format!("{} cannot be written", key_file.display()))?;
    }
    let key = FileKey::find(Some(key_file))?;
    file.write_sealed(text.expose(), &key)?;
    let place = std::path::absolute(key_file)?;
    println!("The file of secrets is encrypted.");
    println!(
        "Set in [secrets] of each node, and start the nodes anew:\n\n  key_file = \"{}\"\n",
        place.display()
    );
    if made {
        println!(
            "Keep a copy of the key where no copy of the file is: who has both has the secrets, who has lost it has lost them."
        );
    }
    Ok(())
}

/// The plain text stands only in memory (`/dev/shm`) meanwhile, for this user alone.
fn edit(file: &FileSecrets) -> anyhow::Result<()> {
    let editor = std::env::var("VISUAL").or_else(|_| std::env::var("EDITOR"));
    let editor = editor.unwrap_or_else(|_| "vi".to_owned());
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let draft = folder.join(format!("dcp-secrets-{}.toml", std::process::id()));
    let before = file.text()?;
    write_private(&draft, before.expose(), 0o600)?;
    let done = edit_draft(&editor, &draft);
    let after = std::fs::read_to_string(&draft);
    std::fs::remove_file(&draft)?;
    done?;
    let after = after?;
    if after == *before.expose() {
        println!("nothing is changed");
        return Ok(());
    }
    if toml::from_str::<Table>(&after).is_err() {
        bail!("that was no valid TOML; the file stays as it was");
    }
    file.write(&after)?;
    println!("the file of secrets is written");
    Ok(())
}

fn edit_draft(editor: &str, draft: &Path) -> anyhow::Result<()> {
    let mut words = editor.split_whitespace();
    let program = words.next().context("EDITOR names no program")?;
    let status = Process::new(program).args(words).arg(draft).status();
    let status = status.with_context(|| format!("{program} cannot be started"))?;
    if !status.success() {
        bail!("{program} ended with an error; the file stays as it was");
    }
    Ok(())
}
