//! `dcp db backup`: copies of the databases of the deployed modules in a folder, with a note of what each must be.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use dcp::store::{
    FileCopy, Place, Recorded, ServerCopy, Store, as_administrator, back_up_database, back_up_files,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::db::administrator;
use super::migrate::{Deployed, Which};

/// Name of the note in the folder.
const NOTE: &str = "backup.json";

/// What is backed up, and where to.
#[derive(clap::Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    which: Which,
    /// A folder that is empty or not there; it holds what people typed, and hashes of their passwords, so it is made for its
    /// owner alone.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Where SQL Server writes, a folder of its machine; its own folder for backups when absent.
    #[arg(long, value_name = "FOLDER")]
    server_folder: Option<String>,
}

/// What stands in a folder of backups.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The moment of the copies.
    pub(crate) at: Timestamp,
    /// They.
    pub(crate) databases: Vec<Kept>,
}

/// One database that was copied.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Whose it is.
    pub(crate) module: String,
    /// Where that ran.
    pub(crate) node: String,
    /// What the copy is.
    #[serde(flatten)]
    pub(crate) copy: Kind,
    /// The version of its schema.
    pub(crate) applied: Vec<Recorded>,
}

/// A copy by engine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "engine", rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A file of SQLite, named from the folder.
    Sqlite {
        /// Its path.
        file: PathBuf,
        /// What it must be.
        #[serde(flatten)]
        is: FileCopy,
    },
    /// A file on the machine of SQL Server.
    SqlServer {
        /// The database.
        database: String,
        /// Its path there.
        file: String,
    },
}

/// Copies, and writes the note last: a folder without it is no backup.
pub(crate) async fn run(order: &Backup) -> anyhow::Result<()> {
    let deployed = order.which.find()?;
    let folder = std::path::absolute(&order.to)?;
    make(&folder)?;
    let places = deployed
        .iter()
        .map(Deployed::place)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let both: Vec<(&Deployed, &Place)> = deployed.iter().zip(&places).collect();
    let at = Timestamp::now();
    let mut databases = files(&folder, &both).await?;
    for (deployed, place) in &both {
        if let Place::SqlServer(database) = place {
            databases.push(on_server(order, deployed, database, at).await?);
        }
    }
    for kept in &databases {
        println!("{}", kept.told());
    }
    let note = serde_json::to_vec_pretty(&Note { at, databases })?;
    let file = folder.join(NOTE);
    let written = std::fs::write(&file, note).and_then(|()| std::fs::File::open(&file)?.sync_all());
    written.with_context(|| format!("{} cannot be written", file.display()))?;
    println!("noted in {}", file.display());
    Ok(())
}

fn make(folder: &Path) -> anyhow::Result<()> {
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!(
            "{} is not empty; name a new folder for each backup",
            folder.display()
        );
    }
    let mut builder = std::fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the folder {} cannot be made", folder.display()))
}

/// All files of SQLite at one moment.
async fn files(folder: &Path, all: &[(&Deployed, &Place)]) -> anyhow::Result<Vec<Kept>> {
    let mut found = Vec::new();
    for (deployed, place) in all {
        let Place::Sqlite(file) = place else { continue };
        if !file.is_file() {
            println!("{deployed}: there is no {} yet", file.display());
            continue;
        }
        let name = deployed.file();
        make_for(&folder.join(&name))?;
        found.push((*deployed, file.clone(), name));
    }
    let pairs: Vec<(PathBuf, PathBuf)> = found
        .iter()
        .map(|(_, from, name)| (from.clone(), folder.join(name)))
        .collect();
    let copies = back_up_files(&pairs).context("no backup was made")?;
    let mut kept = Vec::new();
    for ((deployed, _, file), is) in found.into_iter().zip(copies) {
        let address = format!("sqlite:{}", folder.join(&file).display());
        let applied = Store::recorded(&address).await?;
        kept.push(deployed.kept(Kind::Sqlite { file, is }, applied));
    }
    Ok(kept)
}

fn make_for(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().unwrap_or(file);
    let mut builder = std::fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the folder {} cannot be made", folder.display()))
}

async fn on_server(
    order: &Backup,
    deployed: &Deployed,
    database: &str,
    at: Timestamp,
) -> anyhow::Result<Kept> {
    let server = administrator()?;
    let name = format!("{database}-{}.bak", at.strftime("%Y%m%dT%H%M%SZ"));
    let file = match &order.server_folder {
        // A server on Windows has paths of its own.
        Some(folder) if folder.contains('\\') => {
            format!("{}\\{name}", folder.trim_end_matches('\\'))
        }
        Some(folder) => format!("{}/{name}", folder.trim_end_matches('/')),
        None => name,
    };
    let copy = ServerCopy {
        server: server.expose(),
        database,
        file: &file,
    };
    let done = back_up_database(&copy).await;
    done.with_context(|| format!("{deployed} is not backed up"))?;
    let address = format!("mssql:database={database}");
    let applied = Store::recorded(&as_administrator(server.expose(), &address)?).await?;
    let database = database.to_owned();
    Ok(deployed.kept(Kind::SqlServer { database, file }, applied))
}

impl Deployed {
    /// Where its database is.
    pub(crate) fn place(&self) -> anyhow::Result<Place> {
        let told = self.ask(&["--migrate", "where"], None)?;
        serde_json::from_slice(&told).context(
            "the module's program does not know `--migrate where`; deploy its present version",
        )
    }

    /// Where the copy of its file stands in a folder of backups: where the module's program looks when the folder is its store.
    fn file(&self) -> PathBuf {
        Path::new(&self.config.node.name).join(format!("{}.db", self.module.name))
    }

    fn kept(&self, copy: Kind, applied: Vec<Recorded>) -> Kept {
        Kept {
            module: self.module.name.clone(),
            node: self.config.node.name.clone(),
            copy,
            applied,
        }
    }
}

impl Note {
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(NOTE);
        let text = std::fs::read(&file).with_context(|| {
            format!(
                "{} cannot be read; --from must name a folder that `dcp db backup` has finished",
                file.display()
            )
        })?;
        serde_json::from_slice(&text).with_context(|| format!("{} is damaged", file.display()))
    }
}

impl Kept {
    fn told(&self) -> String {
        let (module, node) = (&self.module, &self.node);
        match &self.copy {
            Kind::Sqlite { file, is } => format!(
                "{module} on {node}: {} with {} bytes, checked",
                file.display(),
                is.bytes
            ),
            Kind::SqlServer { database, file } => {
                format!("{module} on {node}: {database} in {file} of the server, checked")
            }
        }
    }
}
