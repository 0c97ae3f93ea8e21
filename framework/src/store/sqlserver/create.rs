//! Making the database and the login of a module, with an administrator's connection.

use super::ado::Ado;
use super::{Connection, Engine, connect, map, value};
use crate::secrets::Secret;
use crate::store::{StoreError, Value};

/// What a module gets on a SQL Server.
#[derive(Debug)]
pub struct NewDatabase<'a> {
    /// Name of the database, of the login and of its user: a-z, 0-9 and `_`.
    pub name: &'a str,
    /// Password of the login: letters, digits, `-` and `_`.
    pub password: &'a Secret<String>,
    /// For a server whose procedures do not reach the tables of their owner: lets the login reach them directly as well.
    pub table_rights: bool,
}

/// Makes the database `name` on the server of an ADO connection string, if it is not there; answers with its address.
pub async fn create_database(server: &str, name: &str) -> Result<String, StoreError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(StoreError::Address);
    }
    let mut connection = open(server).await?;
    // A database cannot be named by a parameter.
    let text = format!("IF DB_ID('{name}') IS NULL CREATE DATABASE {name};");
    run(&mut connection, &text).await?;
    let server = server.trim_end_matches(';');
    Ok(format!("mssql:{server};database={name}"))
}

/// Makes database, login and user of a module, with the right to execute its procedures and no other; answers with the
/// module's address. What is there stays, except that the login gets the password: whoever knows another one is locked out.
pub async fn set_up_database(
    server: &str,
    new: &NewDatabase<'_>,
) -> Result<Secret<String>, StoreError> {
    let (name, password) = (new.name, new.password.expose());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !password.chars().all(plain) {
        return Err(StoreError::Address);
    }
    create_database(server, name).await?;
    let mut connection = open(server).await?;
    // A password cannot be a parameter either.
    let login = format!(
        "IF SUSER_ID('{name}') IS NULL CREATE LOGIN {name} WITH PASSWORD = '{password}', DEFAULT_DATABASE = {name}; \
         ELSE ALTER LOGIN {name} WITH PASSWORD = '{password}';"
    );
    run(&mut connection, &login).await?;
    let here = Ado::parse(server).at(name);
    let mut connection = open(here.address().trim_start_matches("mssql:")).await?;
    let user = format!("IF USER_ID('{name}') IS NULL CREATE USER {name} FOR LOGIN {name};");
    run(&mut connection, &user).await?;
    run(
        &mut connection,
        &format!("GRANT EXECUTE ON SCHEMA::dbo TO {name};"),
    )
    .await?;
    if new.table_rights {
        let rights = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA::dbo TO {name};");
        run(&mut connection, &rights).await?;
    }
    Ok(Secret::new(here.of(name, password).address()))
}

/// Whether the server of an administrator's connection string has a login of that name.
pub async fn has_login(server: &str, name: &str) -> Result<bool, StoreError> {
    let mut connection = open(server).await?;
    let found = connection
        .query("SELECT SUSER_ID(@P1) AS id;", &[&name])
        .await
        .map_err(map)?;
    let row = found.into_row().await.map_err(map)?;
    Ok(row.and_then(|row| row.get::<i32, _>(0)).is_some())
}

/// The password of an address, if the server lets its login in with it, whether the database is there or not.
pub async fn password_that_works(address: &Secret<String>) -> Option<Secret<String>> {
    let ado = Ado::parse(address.expose().strip_prefix("mssql:")?);
    let password = Secret::new(ado.password()?.to_owned());
    // Everybody who is let in reaches it.
    let anywhere = Secret::new(ado.at("master").address());
    opens(&anywhere).await.is_ok().then_some(password)
}

/// Whether the login of an address can connect to its database.
pub async fn opens(address: &Secret<String>) -> Result<(), StoreError> {
    let ado = address.expose().strip_prefix("mssql:");
    open(ado.ok_or(StoreError::Address)?).await.map(drop)
}

async fn open(server: &str) -> Result<Connection, StoreError> {
    connect(&Engine::settings(server)?).await
}

async fn run(connection: &mut Connection, text: &str) -> Result<(), StoreError> {
    let done = connection.simple_query(text).await.map_err(map)?;
    done.into_results().await.map_err(map)?;
    Ok(())
}

/// Runs one statement as an administrator; answers with the first column of its first result.
pub(in crate::store) async fn statement(
    address: &str,
    text: &str,
) -> Result<Vec<String>, StoreError> {
    let mut connection = open(address.trim_start_matches("mssql:")).await?;
    let rows = connection.simple_query(text).await.map_err(map)?;
    let rows = rows.into_first_result().await.map_err(map)?;
    let mut found = Vec::new();
    for row in &rows {
        match value::cells(row)?.into_iter().next() {
            Some(Value::Text(text)) => found.push(text),
            Some(Value::Int(number)) => found.push(number.to_string()),
            _ => {}
        }
    }
    Ok(found)
}
