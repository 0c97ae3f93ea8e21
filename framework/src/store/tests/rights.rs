//! What the login of a module may do on SQL Server: execute the procedures of its database, and nothing else.

use super::{ONE, SAMPLE, Store, add, count, open};
use crate::secrets::Secret;
use crate::store::{NewDatabase, StoreError, opens, set_up_database, sqlserver};

/// A server, the name of a database that is not there, and a password.
pub(super) fn place(test: &str) -> Option<(String, String)> {
    let Ok(server) = std::env::var("DCP_TEST_SQLSERVER") else {
        eprintln!("SKIPPED: {test}: DCP_TEST_SQLSERVER is not set");
        return None;
    };
    Some((
        server,
        format!("dcp_test_{}", uuid::Uuid::now_v7().simple()),
    ))
}

async fn set_up(server: &str, name: &str, password: &str) -> Secret<String> {
    let _one = ONE.lock().await;
    let new = NewDatabase {
        name,
        password: &Secret::new(password.to_owned()),
        table_rights: false,
    };
    set_up_database(server, &new).await.unwrap()
}

async fn migrated(server: &str, name: &str) -> Secret<String> {
    let address = set_up(server, name, "Aa1-first").await;
    let administrator = crate::store::as_administrator(server, address.expose()).unwrap();
    Store::migrate(&administrator, SAMPLE).await.unwrap();
    address
}

async fn refused(address: &Secret<String>, statement: &str) {
    let done = sqlserver::statement(address.expose(), statement).await;
    assert!(
        matches!(
            done,
            Err(StoreError::Database(_) | StoreError::Unavailable(_) | StoreError::Rejected { .. })
        ),
        "{statement}: {done:?}"
    );
}

#[tokio::test]
async fn the_login_of_a_module_reaches_no_table_no_other_database_and_changes_no_definition() {
    let test = "store::rights::the_login_of_a_module_reaches_no_table";
    let Some((server, name)) = place(test) else {
        return;
    };
    let address = migrated(&server, &name).await;
    let other = format!("{name}_b");
    migrated(&server, &other).await;
    // It does connect, so that what is refused below is refused for lack of a right.
    sqlserver::statement(address.expose(), "SELECT 1 AS one")
        .await
        .unwrap();
    for statement in [
        "SELECT id FROM dbo.sample",
        "SELECT owner FROM dbo.dcp_migration",
        "INSERT INTO dbo.sample_note (sample, note) VALUES (1, 'x')",
        "UPDATE dbo.sample SET name = 'x'",
        "DELETE FROM dbo.dcp_outbox",
        "CREATE TABLE dbo.more (id INT)",
        "DROP TABLE dbo.sample_note",
        "DROP PROCEDURE dbo.sample_add",
        "ALTER PROCEDURE dbo.sample_count AS SELECT 1 AS [count]",
        &format!("SELECT id FROM {other}.dbo.sample"),
        "CREATE DATABASE dcp_test_more",
        "CREATE LOGIN dcp_test_more WITH PASSWORD = 'Aa1-more'",
    ] {
        refused(&address, statement).await;
    }
}

#[tokio::test]
async fn setting_up_a_database_again_keeps_what_is_in_it() {
    let test = "store::rights::setting_up_a_database_again_keeps_what_is_in_it";
    let Some((server, name)) = place(test) else {
        return;
    };
    let first = migrated(&server, &name).await;
    opens(&first).await.unwrap();
    let second = set_up(&server, &name, "Aa1-second").await;
    opens(&second).await.unwrap();
    let administrator = crate::store::as_administrator(&server, second.expose()).unwrap();
    let plan = Store::plan(&administrator, SAMPLE).await.unwrap();
    assert!(plan.is_level(), "{plan:?}");
}

#[tokio::test]
async fn a_new_password_ends_the_old_one() {
    let test = "store::rights::a_new_password_ends_the_old_one";
    let Some((server, name)) = place(test) else {
        return;
    };
    let first = set_up(&server, &name, "Aa1-first").await;
    let guessed = first.expose().replace("Aa1-first", "Aa1-guessed");
    if opens(&Secret::new(guessed)).await.is_ok() {
        eprintln!("SKIPPED: {test}: this server lets everybody in who knows a name");
        return;
    }
    let second = set_up(&server, &name, "Aa1-second").await;
    opens(&second).await.unwrap();
    assert!(opens(&first).await.is_err());
}

#[tokio::test]
async fn the_login_of_a_module_works_through_its_procedures() {
    let test = "store::rights::the_login_of_a_module_works_through_its_procedures";
    let Some((server, name)) = place(test) else {
        return;
    };
    let version = sqlserver::statement(&server, "SELECT @@VERSION AS text").await;
    if !version.unwrap()[0].contains("Microsoft SQL Server") {
        eprintln!("SKIPPED: {test}: this server has no ownership chaining");
        return;
    }
    let address = migrated(&server, &name).await;
    let store = open(address.expose()).await;
    add(&store, 1).await.unwrap();
    assert_eq!(count(&store).await, 1);
}
