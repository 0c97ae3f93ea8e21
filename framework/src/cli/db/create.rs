//! `dcp db create`: a database and a login for each module. A login that this platform does not know is left alone: another
//! platform may work with it.

use anyhow::{Context, bail};
use dcp::identity::new_secret;
use dcp::secrets::Secret;
use dcp::store::{NewDatabase, has_login, opens, password_that_works, set_up_database};

use super::administrator;
use crate::home::home;
use crate::migrate::{Deployed, Which};
use crate::secrets::{put, read_one};

/// What is made.
#[derive(clap::Args)]
pub(crate) struct Create {
    #[command(flatten)]
    which: Which,
    /// For a server without ownership chaining: lets the login reach the tables directly as well.
    #[arg(long)]
    table_rights: bool,
    /// Give logins that are on the server already, and whose passwords are not known here, new ones: whoever works with them is
    /// locked out.
    #[arg(long)]
    new_passwords: bool,
}

/// The database of a module on a node, and what this platform knows of it.
struct Wanted {
    /// Of the database, the login and its user.
    name: String,
    module: String,
    zone: String,
    place: String,
    in_vault: bool,
    state: State,
}

enum State {
    /// Nothing is to be done.
    Opens,
    /// The server has such a login, and lets nobody in who comes with what is known here.
    Foreign,
    /// A login is to be made, or has this password.
    Due(Option<Secret<String>>),
}

impl Create {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let server = administrator()?;
        let file = home()?.join("secrets.toml");
        if !file.is_file() {
            bail!(
                "{} is missing; `dcp init-secrets` writes it",
                file.display()
            );
        }
        let mut all = Vec::new();
        for deployed in self.which.find()? {
            all.push(Wanted::look(&server, &deployed).await?);
        }
        // Before anything is made: half of a platform helps nobody.
        if !self.new_passwords {
            refuse_foreign(&all)?;
        }
        for wanted in &all {
            self.make(&server, wanted).await?;
        }
        Ok(())
    }

    /// The address goes where the settings look for it: `store.url = "secret://store/{module}#<zone>"`.
    async fn make(&self, server: &Secret<String>, wanted: &Wanted) -> anyhow::Result<()> {
        let Wanted { name, place, .. } = wanted;
        let known = match &wanted.state {
            State::Opens => {
                println!("{place}: its login opens the database already");
                return Ok(());
            }
            State::Due(known) => known.clone(),
            State::Foreign => None,
        };
        // A policy for passwords wants letters of both cases, digits and signs.
        let password = known.unwrap_or_else(|| Secret::new(format!("Aa1-{}", new_secret())));
        let new = NewDatabase {
            name,
            password: &password,
            table_rights: self.table_rights,
        };
        let made = set_up_database(server.expose(), &new).await;
        let address = made.with_context(|| format!("the database {name} cannot be made"))?;
        let (path, file) = (wanted.path(), home()?.join("secrets.toml"));
        put(&path, &wanted.zone, address.expose())?;
        println!(
            "{place}: database and login {name}; address in {} as secret://{path}#{}",
            file.display(),
            wanted.zone
        );
        if wanted.in_vault {
            println!("  `dcp push-secrets` brings it into the vault");
        }
        Ok(())
    }
}

impl Wanted {
    async fn look(server: &Secret<String>, deployed: &Deployed) -> anyhow::Result<Self> {
        let (module, node) = (&deployed.module.name, &deployed.config.node);
        let mut wanted = Self {
            name: format!("dcp_{}_{}", node.zone, module.replace('-', "_")),
            module: module.clone(),
            zone: node.zone.to_string(),
            place: format!("{module} on {}", node.name),
            in_vault: deployed.config.secrets.url.starts_with("vault:"),
            state: State::Foreign,
        };
        wanted.state = wanted.state(server).await?;
        Ok(wanted)
    }

    fn path(&self) -> String {
        format!("store/{}", self.module)
    }

    async fn state(&self, server: &Secret<String>) -> anyhow::Result<State> {
        let known = read_one(&self.path(), &self.zone)?.map(Secret::new);
        if let Some(address) = &known
            && opens(address).await.is_ok()
        {
            return Ok(State::Opens);
        }
        if !has_login(server.expose(), &self.name).await? {
            return Ok(State::Due(None));
        }
        let password = match &known {
            Some(address) => password_that_works(address).await,
            None => None,
        };
        Ok(password.map_or(State::Foreign, |password| State::Due(Some(password))))
    }
}

fn refuse_foreign(all: &[Wanted]) -> anyhow::Result<()> {
    let foreign = |wanted: &&Wanted| matches!(wanted.state, State::Foreign);
    let names: Vec<&str> = all.iter().filter(foreign).map(|it| &*it.name).collect();
    let Some(first) = all.iter().find(foreign) else {
        return Ok(());
    };
    bail!(
        "the server has logins already whose passwords are not in {home}/secrets.toml: {names}. Another platform may work with them, which \
         would lose its databases, so nothing was made. If it is this platform, bring the addresses from where they are kept \
         (`dcp secrets set {path} {zone}` and so on); if nobody needs them, `dcp db create --new-passwords` gives them new \
         passwords; otherwise use another server",
        home = home()?.display(),
        names = names.join(", "),
        path = first.path(),
        zone = first.zone,
    )
}
