//! `dcp db restore`: puts databases back from a folder that `dcp db backup` has made.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use dcp::node::State;
use dcp::store::{Place, Plan, ServerCopy, restore_database, restore_file, verify_file};
use jiff::Timestamp;

use super::backup::{Kept, Kind, Note};
use super::db::administrator;
use super::migrate::{Deployed, Which};
use super::node;

/// What is restored, and where from.
#[derive(clap::Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    which: Which,
    /// The folder.
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// Replace databases that are there; a file of SQLite is kept beside the new one.
    #[arg(long)]
    replace: bool,
}

/// One database on its way back.
struct Return<'a> {
    deployed: &'a Deployed,
    kept: &'a Kept,
    place: Place,
}

/// All is checked before anything is touched.
pub(crate) async fn run(order: &Restore) -> anyhow::Result<()> {
    let folder = std::path::absolute(&order.from)?;
    let note = Note::read(&folder)?;
    let deployed = order.which.find()?;
    let returns = returns(&note, &deployed)?;
    for it in &returns {
        check(it, &folder, order.replace)
            .await
            .with_context(|| format!("{} is not restored", it.deployed))?;
    }
    for it in &returns {
        put_back(it, &folder, order.replace)
            .await
            .with_context(|| format!("{} is not restored", it.deployed))?;
    }
    println!(
        "As of {}. Before the modules start: `dcp migrate verify`, and an empty bus; see *A database is restored* in the operations guide.",
        note.at
    );
    Ok(())
}

fn returns<'a>(note: &'a Note, deployed: &'a [Deployed]) -> anyhow::Result<Vec<Return<'a>>> {
    let mut found = Vec::new();
    for deployed in deployed {
        let is = |kept: &&Kept| {
            kept.module == deployed.module.name && kept.node == deployed.config.node.name
        };
        let Some(kept) = note.databases.iter().find(is) else {
            println!("{deployed}: not in this backup");
            continue;
        };
        found.push(Return {
            deployed,
            kept,
            place: deployed.place()?,
        });
    }
    ensure!(!found.is_empty(), "the backup holds none of these modules");
    Ok(found)
}

async fn check(it: &Return<'_>, folder: &Path, replace: bool) -> anyhow::Result<()> {
    stopped(it.deployed).await?;
    match (&it.kept.copy, &it.place) {
        (Kind::Sqlite { file, is }, Place::Sqlite(place)) => {
            verify_file(&folder.join(file), is)?;
            let there = place.exists() && !replace;
            ensure!(
                !there,
                "{} is there already; --replace puts the copy in its place and keeps it beside",
                place.display()
            );
            let store = folder.join(&it.kept.node);
            let plan = plan(it.deployed, &format!("sqlite:{}", store.display()))?;
            behind(&plan)
        }
        (Kind::SqlServer { .. }, Place::SqlServer(_)) => {
            administrator()?;
            known(it)
        }
        (Kind::Sqlite { file, .. }, Place::SqlServer(_)) => bail!(
            "its database is on SQL Server and the copy is a file; `dcp db copy --module {} --from sqlite:{}` brings it there",
            it.kept.module,
            folder.join(file).display()
        ),
        (Kind::SqlServer { .. }, Place::Sqlite(_)) => bail!(
            "its database is a file and the copy is one of SQL Server; set [store] of the node to SQL Server first"
        ),
    }
}

/// Refuses a module that its node runs; a node that does not answer runs none.
async fn stopped(deployed: &Deployed) -> anyhow::Result<()> {
    let config = &deployed.config.node;
    let Ok(status) = node::status(&config.home, &config.name).await else {
        return Ok(());
    };
    let module = &deployed.module.name;
    let runs = status
        .modules
        .iter()
        .any(|it| it.module == *module && it.state != State::Stopped);
    ensure!(!runs, "it runs; `dcp stop {module}` first");
    Ok(())
}

fn plan(deployed: &Deployed, store: &str) -> anyhow::Result<Plan> {
    let told = deployed.ask(&["--migrate", "plan"], Some(store))?;
    Ok(serde_json::from_slice(&told)?)
}

/// Refuses a copy that the deployed version of the module does not know.
fn behind(plan: &Plan) -> anyhow::Result<()> {
    if let Some(step) = plan.ahead.first() {
        bail!("a newer version wrote the copy, with {step}; deploy that version first");
    }
    if let Some(step) = plan.changed.first() {
        bail!(
            "the copy holds another {step} than the deployed version brings; deploy the version that wrote it"
        );
    }
    Ok(())
}

/// The same for a backup on a server, which nobody can look into: what it holds was noted, and what the program brings is what an
/// empty place lacks.
fn known(it: &Return<'_>) -> anyhow::Result<()> {
    let empty = std::env::temp_dir().join(format!("dcp-empty-{}", std::process::id()));
    let brings = plan(it.deployed, &format!("sqlite:{}", empty.display()));
    if empty.exists() {
        std::fs::remove_dir(&empty)?;
    }
    let brings = brings?.due;
    let newer = it.kept.applied.iter().find(|row| {
        let last = brings.iter().filter(|step| step.owner == row.owner);
        last.map(|step| step.version).max().unwrap_or(0) < row.version
    });
    if let Some(row) = newer {
        bail!(
            "a newer version wrote the copy, with {} V{:03} {}; deploy that version first",
            row.owner,
            row.version,
            row.name
        );
    }
    Ok(())
}

async fn put_back(it: &Return<'_>, folder: &Path, replace: bool) -> anyhow::Result<()> {
    match (&it.kept.copy, &it.place) {
        (Kind::Sqlite { file, is }, Place::Sqlite(place)) => {
            let mut aside = place.clone().into_os_string();
            aside.push(format!("-{}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ")));
            let aside = PathBuf::from(aside);
            let kept = replace.then_some(aside.as_path());
            restore_file(&folder.join(file), is, place, kept)?;
            println!("{}: {} is put back", it.deployed, place.display());
            if aside.exists() {
                println!("  what was there: {}", aside.display());
            }
        }
        (Kind::SqlServer { file, .. }, Place::SqlServer(database)) => {
            let server = administrator()?;
            let copy = ServerCopy {
                server: server.expose(),
                database,
                file,
            };
            restore_database(&copy, replace).await?;
            println!("{}: {database} is put back", it.deployed);
        }
        // Refused before.
        _ => {}
    }
    Ok(())
}
