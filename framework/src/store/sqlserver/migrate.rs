//! Migrations and procedures on SQL Server.

use super::refusal::RIGHTS;
use super::{Connection, Engine, Taken, map};
use crate::store::migration::{Migration, checksum, is_due};
use crate::store::plan::{PROCEDURES, Plan, Recorded};
use crate::store::{StoreError, tsql};

// Prefixed, because not every server keeps the locks of its databases apart.
const LOCK: &str = "DECLARE @granted INT, @resource NVARCHAR(255) = DB_NAME() + N':dcp_migration'; \
    EXEC @granted = sp_getapplock @Resource = @resource, @LockMode = 'Exclusive', @LockOwner = 'Session', \
    @LockTimeout = 60000; SELECT @granted AS granted;";
const UNLOCK: &str = "DECLARE @resource NVARCHAR(255) = DB_NAME() + N':dcp_migration'; \
    EXEC sp_releaseapplock @Resource = @resource, @LockOwner = 'Session';";
const TABLE: &str = "IF OBJECT_ID('dbo.dcp_migration') IS NULL CREATE TABLE dbo.dcp_migration (owner NVARCHAR(100) NOT NULL, \
    version BIGINT NOT NULL, name NVARCHAR(200) NOT NULL, checksum NVARCHAR(64) NOT NULL, \
    applied_at DATETIMEOFFSET(3) NOT NULL DEFAULT SYSDATETIMEOFFSET(), PRIMARY KEY (owner, version));";
const RECORDED: &str =
    "SELECT checksum FROM dbo.dcp_migration WHERE owner = @P1 AND version = @P2;";
// A module's login sees procedures only; before there is one, only an administrator looks.
const ALL: &str = "IF OBJECT_ID('dbo.dcp_migrations') IS NOT NULL EXEC dbo.dcp_migrations; \
    ELSE IF OBJECT_ID('dbo.dcp_migration') IS NOT NULL \
    SELECT owner, version, name, checksum FROM dbo.dcp_migration ORDER BY owner, version;";
// The set that is replaced is kept on record below 0: a program that brings it is older, and not to be served before newer ones.
const KEEP: &str = "DELETE FROM dbo.dcp_migration WHERE owner = @P1 AND version < 0 AND checksum = @P2; \
    UPDATE dbo.dcp_migration SET version = (SELECT MIN(version) FROM dbo.dcp_migration WHERE owner = @P1) - 1 \
    WHERE owner = @P1 AND version = 0;";
const RECORD: &str = "DELETE FROM dbo.dcp_migration WHERE owner = @P1 AND version = @P2; \
    INSERT INTO dbo.dcp_migration (owner, version, name, checksum) VALUES (@P1, @P2, @P3, @P4);";
// Only SQL Server itself: others that speak its protocol number their versions as they like.
const SERVER: &str = "SELECT CAST(SERVERPROPERTY('ProductVersion') AS NVARCHAR(128)) AS version, \
    HAS_PERMS_BY_NAME(N'dbo', N'SCHEMA', N'EXECUTE') AS executes WHERE @@VERSION LIKE N'Microsoft SQL Server%';";
const EXISTS: &str = "SELECT OBJECT_ID(@P1) AS id;";

impl Engine {
    /// Applies what is due of `migrations`, then brings the procedures of their owner up to date.
    pub(in crate::store) async fn migrate(
        &self,
        owner: &str,
        migrations: Vec<Migration>,
        procedures: Vec<&str>,
        put_back: bool,
    ) -> Result<(), StoreError> {
        let mut taken = Taken::patiently(&self.pool).await?;
        let connection = &mut taken.connection;
        lock(connection).await?;
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
        let now = checksum(&procedures.join("\n"));
        let mut plan = Plan::default();
        plan.add(owner, &migrations, Some(&now), &all(connection).await?);
        if !plan.due.is_empty() || (put_back && !plan.replaced.is_empty()) {
            replace(connection, owner, &procedures, &now).await?;
        }
        run(connection, UNLOCK).await?;
        taken.give_back();
        Ok(())
    }

    /// What the database has recorded; a server that is too old is refused.
    pub(in crate::store) async fn recorded(&self) -> Result<Vec<Recorded>, StoreError> {
        let mut taken = Taken::patiently(&self.pool).await?;
        let told = taken.connection.simple_query(SERVER).await.map_err(map)?;
        let server = told.into_row().await.map_err(map)?;
        let version = server.as_ref().and_then(|row| row.get("version"));
        refuse_old(version)?;
        let recorded = all(&mut taken.connection).await?;
        // What a login may not execute it does not see: the database is not empty for lack of a migration.
        let executes = server.and_then(|row| row.get("executes"));
        if recorded.is_empty() && executes == Some(0_i32) {
            let cause = "it may not execute procedures of this database";
            return Err(StoreError::unavailable(RIGHTS, cause.into()));
        }
        taken.give_back();
        Ok(recorded)
    }
}

/// What the modules' procedures need came with SQL Server 2019, whose number is 15. `version` is its `ProductVersion`.
fn refuse_old(version: Option<&str>) -> Result<(), StoreError> {
    let major = version.and_then(|version| version.split('.').next());
    match major.and_then(|major| major.parse().ok()) {
        Some(major) if major < 15 => Err(StoreError::TooOld(major)),
        _ => Ok(()),
    }
}

/// Waits for whoever migrates the same database.
async fn lock(connection: &mut Connection) -> Result<(), StoreError> {
    let rows = connection.simple_query(LOCK).await.map_err(map)?;
    let row = rows.into_row().await.map_err(map)?;
    let granted: Option<i32> = row.and_then(|row| row.get(0));
    if granted.is_some_and(|granted| granted >= 0) {
        return Ok(());
    }
    Err(StoreError::Migration(
        "another program has been migrating this database for a minute; wait for it, or end it"
            .to_owned(),
    ))
}

async fn all(connection: &mut Connection) -> Result<Vec<Recorded>, StoreError> {
    let rows = connection.simple_query(ALL).await.map_err(map)?;
    let results = rows.into_results().await.map_err(map)?;
    let text = |row: &tiberius::Row, at: usize| row.get::<&str, _>(at).unwrap_or("").to_owned();
    let rows = results.iter().flatten();
    Ok(rows
        .map(|row| Recorded {
            owner: text(row, 0),
            version: row.get::<i64, _>(1).unwrap_or_default(),
            name: text(row, 2),
            checksum: text(row, 3),
        })
        .collect())
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
    now: &str,
) -> Result<(), StoreError> {
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
    connection
        .execute(KEEP, &[&owner, &now])
        .await
        .map_err(map)?;
    record(connection, owner, PROCEDURES, "procedures", now).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_before_2019_is_refused_with_its_version() {
        for old in ["8.00.2039", "10.50.6000.34", "11.0.7507.2", "14.0.3456.2"] {
            let refused = refuse_old(Some(old)).unwrap_err().to_string();
            let major = old.split('.').next().unwrap();
            assert!(refused.contains(&format!("version {major};")), "{refused}");
        }
        for good in ["15.0.2000.5", "16.0.1000.6", "17.0.900.7"] {
            refuse_old(Some(good)).unwrap();
        }
        refuse_old(None).unwrap();
    }
}
