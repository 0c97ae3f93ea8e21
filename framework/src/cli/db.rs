//! `dcp db`: databases of the deployed modules on SQL Server.

use anyhow::{Context, bail};
use dcp::identity::new_secret;
use dcp::secrets::Secret;
use dcp::store::{Copied, NewDatabase, opens, set_up_database};

use super::home::home;
use super::migrate::{Deployed, Which};
use super::secrets::{put, read_one};

/// What is done with databases.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make a database and a login for each module, which may execute its procedures and nothing else. Needs an administrator's
    /// connection string in `DCP_SQLSERVER`, such as `server=tcp:db.example,1433;user id=sa;password=...`. May be repeated.
    Create {
        #[command(flatten)]
        which: Which,
        /// For a server without ownership chaining: lets the login reach the tables directly as well.
        #[arg(long)]
        table_rights: bool,
    },
    /// Copy what a module has in a file of SQLite to its empty database on SQL Server; all or nothing. Stop the module first.
    Copy {
        /// The module.
        #[arg(long)]
        module: String,
        /// The node, when several host the module.
        #[arg(long)]
        node: Option<String>,
        /// The file: `sqlite:<path>`.
        #[arg(long, value_name = "ADDRESS")]
        from: String,
        /// Where to: `mssql:<connection string>`; the database of the node's settings when absent.
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
    },
}

/// Makes them.
pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create {
            which,
            table_rights,
        } => {
            let server = administrator()?;
            for deployed in which.find()? {
                create(&server, &deployed, table_rights).await?;
            }
            Ok(())
        }
        Command::Copy {
            module,
            node,
            from,
            to,
        } => copy(&Which::one(module, node), &from, to.as_deref()),
    }
}

/// The module's program copies: it knows what belongs into its database, and what a fresh one holds.
fn copy(which: &Which, from: &str, to: Option<&str>) -> anyhow::Result<()> {
    let found = which.find()?;
    let [deployed] = found.as_slice() else {
        bail!("several nodes host the module; name one with --node");
    };
    let path = from
        .strip_prefix("sqlite:")
        .context("--from must be sqlite:<path>")?;
    let file = std::fs::canonicalize(path).with_context(|| format!("{path} cannot be read"))?;
    let from = format!("sqlite:{}", file.display());
    let told = deployed.ask(&["--copy-from", &from], to)?;
    let tables: Vec<Copied> = serde_json::from_slice(&told)?;
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    println!(
        "{} tables with {rows} rows are copied; counts and hashes agree",
        tables.len()
    );
    Ok(())
}

fn administrator() -> anyhow::Result<Secret<String>> {
    let server = std::env::var("DCP_SQLSERVER").context(
        "DCP_SQLSERVER must hold an administrator's connection string, such as server=tcp:db.example,1433;user id=sa;password=...",
    )?;
    Ok(Secret::new(server))
}

/// The address goes where the settings look for it: `store.url = "secret://store/{module}#<zone>"`.
async fn create(
    server: &Secret<String>,
    deployed: &Deployed,
    table_rights: bool,
) -> anyhow::Result<()> {
    let (module, zone) = (&deployed.module.name, deployed.config.node.zone.to_string());
    let (path, file) = (format!("store/{module}"), home()?.join("secrets.toml"));
    if !file.is_file() {
        bail!(
            "{} is missing; `dcp init-secrets` writes it",
            file.display()
        );
    }
    let name = format!("dcp_{zone}_{}", module.replace('-', "_"));
    let place = format!("{module} on {}", deployed.config.node.name);
    if let Some(address) = read_one(&path, &zone)?
        && opens(&Secret::new(address)).await.is_ok()
    {
        println!("{place}: its login opens the database already");
        return Ok(());
    }
    // A policy for passwords wants letters of both cases, digits and signs.
    let password = Secret::new(format!("Aa1-{}", new_secret()));
    let new = NewDatabase {
        name: &name,
        password: &password,
        table_rights,
    };
    let made = set_up_database(server.expose(), &new).await;
    let address = made.with_context(|| format!("the database {name} cannot be made"))?;
    put(&path, &zone, address.expose())?;
    println!(
        "{place}: database and login {name}; address in {} as secret://{path}#{zone}",
        file.display()
    );
    if deployed.config.secrets.url.starts_with("vault:") {
        println!("  `dcp push-secrets` brings it into the vault");
    }
    Ok(())
}
