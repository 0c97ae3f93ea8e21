//! `dcp init-secrets`: fresh random keys and passwords for a platform on one machine.

use anyhow::Context;
use dcp::identity::{generate_keys, new_secret};
use toml::{Table, Value};

use super::home::home;
use super::portal::write_private;

/// Modules that ask others with a credential of their own.
const SERVICES: [&str; 6] = [
    "framework",
    "login",
    "administration",
    "calc",
    "mvda",
    "saw",
];
/// Accounts of the demonstration.
const DEMO_USERS: [&str; 4] = ["analyst", "scientist", "administrator", "operator"];

/// Writes `secrets.toml`; what it holds already stays.
pub(crate) fn write() -> anyhow::Result<()> {
    let path = home()?.join("secrets.toml");
    let mut all: Table = match std::fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).ok().with_context(|| {
            format!(
                "{} is not valid TOML; repair it or move it away",
                path.display()
            )
        })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Table::new(),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be read", path.display()));
        }
    };
    let before = all.clone();
    if !all.contains_key("identity") {
        let (private, public) = generate_keys()?;
        all.insert(
            "identity".to_owned(),
            table([
                ("private_key", private.expose().clone()),
                ("public_key", public),
            ]),
        );
    }
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
    if all == before {
        println!("{} has everything it needs", path.display());
        return Ok(());
    }
    write_private(&path, &toml::to_string(&all)?)?;
    println!("{} is written", path.display());
    Ok(())
}

fn table<const N: usize>(pairs: [(&str, String); N]) -> Value {
    Value::Table(
        pairs
            .into_iter()
            .map(|(key, value)| (key.to_owned(), Value::String(value)))
            .collect(),
    )
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
