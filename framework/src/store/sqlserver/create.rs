//! Making the database of a module, with an administrator's connection.

use tiberius::Config;

use super::{Engine, connect, map};
use crate::store::StoreError;

/// Makes the database `name` on the server of an ADO connection string, if it is not there; answers with its address.
pub async fn create_database(server: &str, name: &str) -> Result<String, StoreError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(StoreError::Address);
    }
    let config: Config = Engine::settings(server)?;
    let mut connection = connect(&config).await?;
    // A database cannot be named by a parameter.
    let text = format!("IF DB_ID('{name}') IS NULL CREATE DATABASE {name};");
    let made = connection.simple_query(text).await.map_err(map)?;
    made.into_results().await.map_err(map)?;
    Ok(format!(
        "mssql:{};database={name}",
        server.trim_end_matches(';')
    ))
}
