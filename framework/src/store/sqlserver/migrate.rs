//! Migrations and procedures on SQL Server.

use super::{Connection, Engine, Taken, map};
use crate::store::migration::{Migration, checksum, is_due};
use crate::store::{StoreError, tsql};

/// Under this number the procedures of an owner are recorded among its migrations.
const PROCEDURES: i64 = 0;

const LOCK: &str = "EXEC sp_getapplock @Resource = 'dcp_migration', @LockMode = 'Exclusive', @LockOwner = 'Session', \
    @LockTimeout = 60000;";
const UNLOCK: &str = "EXEC sp_releaseapplock @Resource = 'dcp_migration', @LockOwner = 'Session';";
const TABLE: &str = "IF OBJECT_ID('dbo.dcp_migration') IS NULL CREATE TABLE dbo.dcp_migration (owner NVARCHAR(100) NOT NULL, \
    version BIGINT NOT NULL, name NVARCHAR(200) NOT NULL, checksum NVARCHAR(64) NOT NULL, \
    applied_at DATETIMEOFFSET(3) NOT NULL DEFAULT SYSDATETIMEOFFSET(), PRIMARY KEY (owner, version));";
const RECORDED: &str =
    "SELECT checksum FROM dbo.dcp_migration WHERE owner = @P1 AND version = @P2;";
const RECORD: &str = "DELETE FROM dbo.dcp_migration WHERE owner = @P1 AND version = @P2; \
    INSERT INTO dbo.dcp_migration (owner, version, name, checksum) VALUES (@P1, @P2, @P3, @P4);";
const EXISTS: &str = "SELECT OBJECT_ID(@P1) AS id;";

impl Engine {
    /// Applies what is due of `migrations`, then brings the procedures of their owner up to date.
    pub(in crate::store) async fn migrate(
        &self,
        owner: &str,
        migrations: Vec<Migration>,
        procedures: Vec<&str>,
    ) -> Result<(), StoreError> {
        let mut taken = Taken::from(&self.pool).await?;
        let connection = &mut taken.connection;
        run(connection, LOCK).await?;
        run(connection, TABLE).await?;
        for migration in &migrations {
            if is_due(
                migration,
                recorded(connection, owner, migration.version)
                    .await?
                    .as_deref(),
            )? {
                apply(connection, migration)
                    .await
                    .map_err(|error| named(migration, &error))?;
            }
        }
        replace(connection, owner, &procedures).await?;
        run(connection, UNLOCK).await?;
        taken.give_back();
        Ok(())
    }
}

fn named(migration: &Migration, error: &StoreError) -> StoreError {
    let cause =
        std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    StoreError::Migration(format!(
        "{} V{:03} {}: {cause}",
        migration.owner, migration.version, migration.name
    ))
}

async fn apply(connection: &mut Connection, migration: &Migration) -> Result<(), StoreError> {
    connection.begin_transaction().await.map_err(map)?;
    for batch in tsql::batches(migration.text) {
        run(connection, &batch).await?;
    }
    record(
        connection,
        migration.owner,
        migration.version,
        &migration.name,
        &migration.checksum,
    )
    .await?;
    connection.commit_transaction().await.map_err(map)?;
    tracing::info!(
        owner = migration.owner,
        version = migration.version,
        name = migration.name,
        "migrated"
    );
    Ok(())
}

async fn replace(
    connection: &mut Connection,
    owner: &str,
    files: &[&str],
) -> Result<(), StoreError> {
    let now = checksum(&files.join("\n"));
    if recorded(connection, owner, PROCEDURES).await?.as_deref() == Some(&now) {
        return Ok(());
    }
    connection.begin_transaction().await.map_err(map)?;
    for batch in files.iter().flat_map(|file| tsql::batches(file)) {
        let Some(name) = tsql::created(&batch) else {
            return Err(StoreError::Migration(format!(
                "{owner}: a batch creates no procedure: {batch}"
            )));
        };
        let name = format!("dbo.{name}");
        let found = connection
            .query(EXISTS, &[&name])
            .await
            .map_err(map)?
            .into_row()
            .await
            .map_err(map)?;
        let exists = found.and_then(|row| row.get::<i32, _>(0)).is_some();
        // Altered and not dropped, so that granted rights stay.
        let batch = if exists {
            tsql::as_alter(&batch)
        } else {
            batch
        };
        run(connection, &batch).await?;
    }
    record(connection, owner, PROCEDURES, "procedures", &now).await?;
    connection.commit_transaction().await.map_err(map)
}

async fn run(connection: &mut Connection, batch: &str) -> Result<(), StoreError> {
    connection
        .simple_query(batch)
        .await
        .map_err(map)?
        .into_results()
        .await
        .map_err(map)?;
    Ok(())
}

async fn recorded(
    connection: &mut Connection,
    owner: &str,
    version: i64,
) -> Result<Option<String>, StoreError> {
    let row = connection
        .query(RECORDED, &[&owner, &version])
        .await
        .map_err(map)?
        .into_row()
        .await
        .map_err(map)?;
    Ok(row.and_then(|row| row.get::<&str, _>(0).map(str::to_owned)))
}

async fn record(
    connection: &mut Connection,
    owner: &str,
    version: i64,
    name: &str,
    checksum: &str,
) -> Result<(), StoreError> {
    connection
        .execute(RECORD, &[&owner, &version, &name, &checksum])
        .await
        .map_err(map)?;
    Ok(())
}
