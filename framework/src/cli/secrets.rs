//! `dcp init-secrets`: fresh random keys and passwords for a platform on one machine.

use anyhow::{Context, bail};
use dcp::identity::{
    DEMO_USERS, FIRST_ADMINISTRATOR, PUBLIC_KEY, generate_keys, new_code, new_secret,
};
use dcp::secrets::{FileSecrets, Secret};
use toml::{Table, Value};

use super::home::{home, own_portal_url};
use super::secret_file;

/// The file's name.
const FILE: &str = "secrets.toml";
/// Modules that ask others with a credential of their own.
const SERVICES: [&str; 6] = [
    "framework",
    "login",
    "administration",
    "calc",
    "mvda",
    "saw",
];

/// Writes `secrets.toml`; what it holds already stays. With a first administrator also the code for that person.
pub(crate) fn write(first_administrator: Option<&str>) -> anyhow::Result<()> {
    let (path, file) = (home()?.join(FILE), secret_file::file()?);
    let mut all = read(&file)?;
    let before = all.clone();
    add_identity(&mut all)?;
    add(&mut all, "edge", "key", &new_secret);
    for module in SERVICES {
        add(&mut all, &format!("service/{module}"), "token", &|| {
            format!("svc_{module}_{}", new_secret())
        });
    }
    for user in DEMO_USERS {
        add(&mut all, "demo/users", user, &password);
    }
    add(&mut all, "pi/dryers", "user", &|| "dcp-reader".to_owned());
    add(&mut all, "pi/dryers", "password", &new_secret);
    if let Some(login) = first_administrator {
        name_first_administrator(&mut all, login)?;
    }
    if all == before {
        println!("{} has everything it needs", path.display());
        return Ok(());
    }
    secret_file::write(&file, &all)?;
    println!("{} is written", path.display());
    Ok(())
}

/// The keys of tokens: what signs is for the edges, what verifies has a path of its own, because everybody reads it.
fn add_identity(all: &mut Table) -> anyhow::Result<()> {
    if text(all, "identity", "private_key").is_none() {
        let (private, public) = generate_keys()?;
        all.remove("identity");
        all.remove(PUBLIC_KEY);
        add(all, "identity", "private_key", &|| private.expose().clone());
        add(all, PUBLIC_KEY, "key", &|| public.clone());
    }
    // A file of an earlier version has both keys side by side.
    if let Some(public) = text(all, "identity", "public_key").map(str::to_owned) {
        add(all, PUBLIC_KEY, "key", &|| public.clone());
    }
    Ok(())
}

/// What the file holds; nothing when there is none yet.
fn read(file: &FileSecrets) -> anyhow::Result<Table> {
    if home()?.join(FILE).exists() {
        secret_file::read(file)
    } else {
        Ok(Table::new())
    }
}

/// Whoever is named already stays: that person may be on the way in.
fn name_first_administrator(all: &mut Table, login: &str) -> anyhow::Result<()> {
    let login = login.trim().to_lowercase();
    if login.is_empty() {
        bail!("the first administrator needs a user name");
    }
    add(all, FIRST_ADMINISTRATOR, "login", &|| login.clone());
    add(all, FIRST_ADMINISTRATOR, "code", &new_code);
    match text(all, FIRST_ADMINISTRATOR, "login") {
        Some(named) if named == login => Ok(()),
        named => bail!(
            "the first administrator is {} already; remove [{FIRST_ADMINISTRATOR}] from the file of secrets to name another",
            named.unwrap_or_default()
        ),
    }
}

/// Writes the secrets of the file into a vault, with the token of `DCP_VAULT_TOKEN`.
pub(crate) async fn push(to: &str) -> anyhow::Result<()> {
    let place = to
        .strip_prefix("vault:")
        .context("--to must be vault:<url of the server>/<mount>")?;
    let token = std::env::var("DCP_VAULT_TOKEN")
        .context("DCP_VAULT_TOKEN must hold a token that may write secrets")?;
    let path = home()?.join(FILE);
    let mut all = secret_file::file()?.all()?;
    if secret_file::is_signed_by_vault()? {
        // A private key that nobody uses is one more to lose.
        all.retain(|path, _| path != "identity" && path != PUBLIC_KEY);
    }
    let written = dcp::secrets::push(place, &Secret::new(token), &all).await?;
    for secret in &written {
        println!("written: {secret}");
    }
    println!(
        "{} of {} secrets of {} were new to the vault",
        written.len(),
        all.len(),
        path.display()
    );
    Ok(())
}

/// Prints how the first administrator gets in.
pub(crate) fn show_first_administrator() -> anyhow::Result<()> {
    let all = read(&secret_file::file()?)?;
    let part = |key| text(&all, FIRST_ADMINISTRATOR, key);
    let (Some(login), Some(code)) = (part("login"), part("code")) else {
        bail!(
            "nobody is named; `dcp init-secrets --first-administrator <user name>` does so, before the first start"
        );
    };
    let url = own_portal_url();
    println!("Open {url}/login, choose to activate an account with a code, and set a password.\n");
    println!("  user name  {login}\n  code       {code}\n");
    println!(
        "The code works once, for three days after a start of the module login; `dcp restart login` renews it."
    );
    Ok(())
}

/// One secret of the file, if it is there.
pub(crate) fn read_one(path: &str, key: &str) -> anyhow::Result<Option<String>> {
    Ok(text(&read(&secret_file::file()?)?, path, key).map(str::to_owned))
}

/// Writes one secret into the file, in the place of one of the same name.
pub(crate) fn put(path: &str, key: &str, value: &str) -> anyhow::Result<()> {
    let file = secret_file::file()?;
    let mut all = read(&file)?;
    if let Some(table) = all.get_mut(path).and_then(Value::as_table_mut) {
        table.remove(key);
    }
    add(&mut all, path, key, &|| value.to_owned());
    secret_file::write(&file, &all)
}

fn text<'a>(all: &'a Table, path: &str, key: &str) -> Option<&'a str> {
    all.get(path)?.get(key)?.as_str()
}

fn add(all: &mut Table, path: &str, key: &str, make: &dyn Fn() -> String) {
    let entry = all
        .entry(path)
        .or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(table) = entry {
        table.entry(key).or_insert_with(|| Value::String(make()));
    }
}

/// A password that people can type: four groups of four letters and digits without look-alikes, 77 bits.
fn password() -> String {
    const SIGNS: &[u8; 28] = b"abcdefghkmnpqrstuvwxyz234679";
    let group = || {
        (0..4)
            .map(|_| char::from(SIGNS[rand::random_range(0..SIGNS.len())]))
            .collect::<String>()
    };
    [group(), group(), group(), group()].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_an_earlier_version_gets_the_public_key_at_its_own_path() {
        let mut all: Table =
            toml::from_str("[identity]\nprivate_key = 'p'\npublic_key = 'q'\n").unwrap();
        add_identity(&mut all).unwrap();
        let written = toml::to_string(&all).unwrap();
        let read: Table = toml::from_str(&written).unwrap();
        assert_eq!(text(&read, PUBLIC_KEY, "key"), Some("q"));
        assert_eq!(text(&read, "identity", "private_key"), Some("p"));
        add_identity(&mut all).unwrap();
        assert_eq!(toml::to_string(&all).unwrap(), written);
    }

    #[test]
    fn new_keys_are_a_pair_at_two_paths() {
        let mut all = Table::new();
        add_identity(&mut all).unwrap();
        let private = text(&all, "identity", "private_key").unwrap();
        assert!(private.contains("PRIVATE KEY"));
        assert!(
            text(&all, PUBLIC_KEY, "key")
                .unwrap()
                .contains("PUBLIC KEY")
        );
        assert!(text(&all, "identity", "public_key").is_none());
    }

    #[test]
    fn the_first_administrator_is_named_once_and_keeps_the_code() {
        let mut all = Table::new();
        name_first_administrator(&mut all, " Ada ").unwrap();
        let code = text(&all, FIRST_ADMINISTRATOR, "code").unwrap().to_owned();
        assert_eq!(text(&all, FIRST_ADMINISTRATOR, "login"), Some("ada"));
        name_first_administrator(&mut all, "ada").unwrap();
        assert_eq!(text(&all, FIRST_ADMINISTRATOR, "code"), Some(&*code));
        let error = name_first_administrator(&mut all, "eve").unwrap_err();
        assert!(error.to_string().contains("is ada already"), "{error}");
    }
}
