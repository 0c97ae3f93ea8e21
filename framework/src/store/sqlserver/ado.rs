//! ADO connection strings, as far as an address is made of another one: `key=value;key=value`, values with `;` in quotes.

use std::ffi::OsStr;
use std::path::Path;

use crate::store::StoreError;
use crate::tls::certificates;

/// Names of the key for the database.
const DATABASE: [&str; 2] = ["database", "initial catalog"];
/// The key for the file that says who signs the server's certificate.
const AUTHORITY: &str = "trustservercertificateca";
/// Names of the key for the server.
const SERVER: [&str; 2] = ["server", "data source"];
/// All keys that the driver understands or that say nothing to it, without spaces.
const KEYS: [&str; 23] = [
    "server",
    "datasource",
    "database",
    "initialcatalog",
    "databasename",
    "userid",
    "uid",
    "user",
    "username",
    "password",
    "pwd",
    "integratedsecurity",
    "trustservercertificate",
    "trustservercertificateca",
    "hostnameincertificate",
    "encrypt",
    "applicationname",
    "applicationintent",
    "multisubnetfailover",
    "workstationid",
    "connecttimeout",
    "connectiontimeout",
    "persistsecurityinfo",
];
/// Names of the keys that say who connects.
const WHO: [&str; 7] = [
    "user id",
    "uid",
    "user",
    "username",
    "password",
    "pwd",
    "integratedsecurity",
];

/// A connection string in its parts, as they were written.
#[derive(Clone)]
pub(super) struct Ado(Vec<String>);

impl Ado {
    pub(super) fn parse(text: &str) -> Self {
        let mut parts = vec![String::new()];
        let mut quote = None;
        for sign in text.chars() {
            match (quote, sign) {
                (None, ';') => {
                    parts.push(String::new());
                    continue;
                }
                (None, '"' | '\'') => quote = Some(sign),
                (None, '{') => quote = Some('}'),
                (Some(end), sign) if end == sign => quote = None,
                _ => {}
            }
            if let Some(last) = parts.last_mut() {
                last.push(sign);
            }
        }
        parts.retain(|part| !part.trim().is_empty());
        Self(parts)
    }

    /// Refuses what the driver would pass over: a part without a value, a key that nobody knows, no server. Names keys only.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let refused = |text: String| Err(StoreError::Connection(text));
        for part in &self.0 {
            let key = Self::key(part);
            if !part.contains('=') {
                return refused(
                    "a part is no `key=value`; a value with `;` needs quotes".to_owned(),
                );
            }
            if !KEYS.contains(&key.replace(' ', "").as_str()) {
                return refused(format!("`{key}` is no key of it"));
            }
        }
        let server = |part: &&String| SERVER.contains(&Self::key(part).as_str());
        let Some((_, place)) = self
            .0
            .iter()
            .find(server)
            .and_then(|part| part.split_once('='))
        else {
            return refused("it names no server".to_owned());
        };
        match place.split_once(',') {
            Some((_, port)) if port.trim().parse::<u16>().is_err() => {
                refused("the port of `server` is no number".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// A module works in a database of its own; without its name the server would choose one.
    pub(super) fn check_database(&self) -> Result<(), StoreError> {
        match self.database() {
            Some(name) if !name.is_empty() => Ok(()),
            _ => Err(StoreError::Connection("it names no database".to_owned())),
        }
    }

    /// Reads the file that says who signs the server's certificate: the driver tells of it as of a way that is cut.
    pub(super) fn check_authority(&self) -> Result<(), StoreError> {
        let Some(file) = self.value(&[AUTHORITY]) else {
            return Ok(());
        };
        let refused = |problem: String| {
            let text = format!("`TrustServerCertificateCA` names {file}, {problem}");
            StoreError::Connection(text)
        };
        let kind = Path::new(file).extension().and_then(OsStr::to_str);
        let kind = kind.unwrap_or_default().to_ascii_lowercase();
        if !["pem", "crt", "der"].contains(&kind.as_str()) {
            return Err(refused("which must end with .pem, .crt or .der".to_owned()));
        }
        let unread = |error| refused(format!("which cannot be read: {error}"));
        let text = std::fs::read(file).map_err(unread)?;
        if kind != "der" && certificates(&text, file).is_err() {
            return Err(refused("which holds no certificate in PEM".to_owned()));
        }
        Ok(())
    }

    /// The value of a key that has these names, without its quotes.
    fn value(&self, names: &[&str]) -> Option<&str> {
        let is_meant = |part: &&String| names.contains(&Self::key(part).as_str());
        let (_, value) = self.0.iter().find(is_meant)?.split_once('=')?;
        Some(value.trim().trim_matches(['"', '\'', '{', '}']))
    }

    fn key(part: &str) -> String {
        let key = part.split('=').next().unwrap_or_default();
        key.trim().to_ascii_lowercase()
    }

    pub(super) fn database(&self) -> Option<&str> {
        self.value(&DATABASE)
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.value(&["password", "pwd"])
    }

    /// The same with another database.
    #[must_use]
    pub(super) fn at(mut self, database: &str) -> Self {
        self.0
            .retain(|part| !DATABASE.contains(&Self::key(part).as_str()));
        self.0.push(format!("database={database}"));
        self
    }

    /// The same for another login, whose name and password need no quotes.
    #[must_use]
    pub(super) fn of(mut self, login: &str, password: &str) -> Self {
        self.0.retain(|part| {
            !WHO.contains(&Self::key(part).replace(' ', "").as_str())
                && !WHO.contains(&Self::key(part).as_str())
        });
        self.0.push(format!("user id={login};password={password}"));
        self
    }

    /// As an address of the store.
    pub(super) fn address(&self) -> String {
        format!("mssql:{}", self.0.join(";"))
    }
}

/// The address of a module's database, for the administrator of an ADO connection string.
pub fn as_administrator(administrator: &str, address: &str) -> Result<String, StoreError> {
    let address = address.strip_prefix("mssql:").ok_or(StoreError::Address)?;
    let of_module = Ado::parse(address);
    let database = of_module.database().ok_or(StoreError::Address)?;
    Ok(Ado::parse(administrator).at(database).address())
}

/// The database that an ADO connection string names.
pub(in crate::store) fn database_of(text: &str) -> Option<String> {
    Ado::parse(text).database().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADMINISTRATOR: &str =
        "server=tcp:db,1433;User ID=sa;Password=\"a;b\";TrustServerCertificate=true";

    #[test]
    fn an_address_keeps_the_server_and_gets_another_login_and_database() {
        let address = Ado::parse(ADMINISTRATOR)
            .at("dcp_gxp_mvda")
            .of("dcp_gxp_mvda", "pw")
            .address();
        assert_eq!(
            address,
            "mssql:server=tcp:db,1433;TrustServerCertificate=true;database=dcp_gxp_mvda;user id=dcp_gxp_mvda;password=pw"
        );
    }

    #[test]
    fn a_connection_string_that_cannot_be_meant_is_refused_without_its_values() {
        for (text, problem) in [
            ("sever=db;password=p4ss", "`sever` is no key of it"),
            (
                "server=db;password=a;p4ss",
                "a part is no `key=value`; a value with `;` needs quotes",
            ),
            ("user id=sa;password=p4ss", "it names no server"),
            ("server=tcp:db,p4ss", "the port of `server` is no number"),
        ] {
            let refused = Ado::parse(text).check().unwrap_err().to_string();
            assert!(refused.contains(problem), "{refused}");
            assert!(!refused.contains("p4ss"), "{refused}");
        }
        Ado::parse(ADMINISTRATOR).check().unwrap();
    }

    #[test]
    fn a_file_that_names_no_authority_is_told_apart_from_a_server_that_is_away() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(file("empty.pem"), "no certificate").unwrap();
        std::fs::write(file("ca.txt"), "no certificate").unwrap();
        for (name, problem) in [
            ("lost.pem", "lost.pem, which cannot be read: No such file"),
            ("empty.pem", "empty.pem, which holds no certificate in PEM"),
            ("ca.txt", "ca.txt, which must end with .pem, .crt or .der"),
        ] {
            let text = format!("server=db;TrustServerCertificateCA={}", file(name));
            let refused = Ado::parse(&text).check_authority().unwrap_err();
            assert!(refused.to_string().contains(problem), "{refused}");
        }
        Ado::parse(ADMINISTRATOR).check_authority().unwrap();
    }

    #[test]
    fn an_address_without_a_database_is_no_address_of_a_module() {
        for text in [ADMINISTRATOR, "server=db;database="] {
            let refused = Ado::parse(text).check_database().unwrap_err();
            assert!(refused.to_string().contains("names no database"));
        }
        Ado::parse("server=db;Initial Catalog=m")
            .check_database()
            .unwrap();
    }

    #[test]
    fn an_administrator_goes_to_the_database_of_the_module() {
        let address = "mssql:server=db;Initial Catalog=dcp_gxp_mvda;uid=m;pwd=p";
        let found = as_administrator(ADMINISTRATOR, address).unwrap();
        assert_eq!(
            found,
            format!("mssql:{ADMINISTRATOR};database=dcp_gxp_mvda")
        );
        assert!(as_administrator(ADMINISTRATOR, "mssql:server=db").is_err());
        assert!(as_administrator(ADMINISTRATOR, "sqlite:x.db").is_err());
    }
}
