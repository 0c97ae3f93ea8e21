//! Writes secrets into the vault, with the token of whoever sets it up.

use std::collections::BTreeMap;

use vaultrs::kv2;

use super::super::{Secret, SecretTable, SecretsError};
use super::{Server, Trouble, is_path};

/// Writes what differs from what the vault holds into `<url>/<mount>`, and answers with the paths written.
pub async fn push(
    place: &str,
    token: &Secret<String>,
    tables: &BTreeMap<String, SecretTable>,
) -> Result<Vec<String>, SecretsError> {
    let server = Server::at(place)?;
    let unavailable = |trouble: Trouble| SecretsError::Unavailable {
        provider: format!("vault {}", server.address),
        reason: trouble.reason(),
    };
    let client = server.client(Some(token)).map_err(unavailable)?;
    let mut written = Vec::new();
    for (path, table) in tables {
        if !is_path(path) {
            let reason = format!("{path:?} cannot be the path of a secret");
            return Err(unavailable(Trouble::Refused(reason)));
        }
        let plain: BTreeMap<&str, &str> = table
            .iter()
            .map(|(key, value)| (key.as_str(), value.expose().as_str()))
            .collect();
        let known: Result<BTreeMap<String, String>, _> =
            kv2::read(&client, &server.mount, path).await;
        match known.map_err(Trouble::from) {
            Ok(known)
                if known
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.as_str()))
                    .eq(plain.iter().map(|(key, value)| (*key, *value))) =>
            {
                continue;
            }
            Ok(_) | Err(Trouble::Missing) => {}
            Err(trouble) => return Err(unavailable(trouble)),
        }
        let set = kv2::set(&client, &server.mount, path, &plain).await;
        set.map_err(|error| unavailable(error.into()))?;
        written.push(path.clone());
    }
    Ok(written)
}
