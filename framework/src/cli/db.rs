//! `dcp db`: databases of the deployed modules: made on SQL Server, moved between the engines, backed up and restored.

mod create;

use anyhow::{Context, bail};
use dcp::secrets::Secret;
use dcp::store::Copied;

use super::migrate::Which;
use super::{backup, restore};

/// What is done with databases.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make a database and a login for each module, which may execute its procedures and nothing else. Needs an administrator's
    /// connection string in `DCP_SQLSERVER`, such as `server=tcp:db.example,1433;user id=sa;password=...`. May be repeated.
    Create(create::Create),
    /// Copy what a module has in a file of SQLite to its empty database on SQL Server, or what it has there to a new file; all or
    /// nothing. Stop the module first. Reading from SQL Server needs an administrator's connection string in `DCP_SQLSERVER`.
    Copy {
        /// The module.
        #[arg(long)]
        module: String,
        /// The node, when several host the module.
        #[arg(long)]
        node: Option<String>,
        /// Where from: `sqlite:<path>`, or `mssql:<connection string>`; the database of the node's settings when absent.
        #[arg(long, value_name = "ADDRESS", required_unless_present = "to")]
        from: Option<String>,
        /// Where to, in the same words.
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
    },
    /// Copy the databases of the modules to a folder, all as they were at one moment, while the modules work; each is read back and
    /// checked. SQL Server backs up its databases itself, one after the other, and needs an administrator in `DCP_SQLSERVER`.
    Backup(backup::Backup),
    /// Put databases back from such a folder. Refused while the module runs, when a file is not what was written, when a newer
    /// version of the module has written it, and over a database that is there.
    Restore(restore::Restore),
}

/// Makes them.
pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create(order) => order.run().await,
        Command::Copy {
            module,
            node,
            from,
            to,
        } => copy(&Which::one(module, node), from.as_deref(), to.as_deref()),
        Command::Backup(order) => backup::run(&order).await,
        Command::Restore(order) => restore::run(&order).await,
    }
}

/// The module's program copies: it knows what belongs into its database, and what a fresh one holds.
fn copy(which: &Which, from: Option<&str>, to: Option<&str>) -> anyhow::Result<()> {
    let found = which.find()?;
    let [deployed] = found.as_slice() else {
        bail!("several nodes host the module; name one with --node");
    };
    // The side of SQL Server is handed on in a variable: everybody on the machine could read an argument.
    let file = |address: Option<&str>| address?.strip_prefix("sqlite:").map(std::path::absolute);
    let (way, file, server) = match (file(from), file(to)) {
        (Some(file), None) => ("--copy-from", file?, to),
        (None, Some(file)) => ("--copy-to", file?, from),
        _ => bail!("one of --from and --to must be sqlite:<path>, the other mssql:... or absent"),
    };
    let address = format!("sqlite:{}", file.display());
    let told = deployed.ask(&[way, &address], server)?;
    let tables: Vec<Copied> = serde_json::from_slice(&told)?;
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    println!(
        "{} tables with {rows} rows are copied; counts and hashes agree",
        tables.len()
    );
    Ok(())
}

/// The administrator's connection string.
pub(super) fn administrator() -> anyhow::Result<Secret<String>> {
    let server = std::env::var("DCP_SQLSERVER").context(
        "DCP_SQLSERVER must hold an administrator's connection string, such as server=tcp:db.example,1433;user id=sa;password=...",
    )?;
    Ok(Secret::new(server))
}
