//! The database of a module, read past the module itself.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use dcp_chaos::sqlserver::connect;
use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

/// Where a module keeps what it knows.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Sqlite(PathBuf),
    /// With the address of its database, past any proxy.
    SqlServer(String),
}

/// A row of `change` or `effect`.
pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) subject: String,
    pub(crate) number: i64,
}

impl Database {
    /// Rows of a table, or of those that a condition leaves.
    pub(crate) async fn count(&self, table: &str) -> anyhow::Result<u64> {
        let found = self.texts(["COUNT(*)"], table).await?;
        let [count] = found.first().context("one row")?;
        Ok(count.parse()?)
    }

    /// The identifiers in a column.
    pub(crate) async fn ids(&self, table: &str, column: &str) -> anyhow::Result<Vec<Uuid>> {
        let found = self.texts([column], table).await?;
        found.iter().map(|[id]| Ok(id.parse()?)).collect()
    }

    /// Changes or effects in the order in which they were stored.
    pub(crate) async fn rows(&self, table: &str) -> anyhow::Result<Vec<Row>> {
        let from = format!("{table} ORDER BY seq");
        let found = self.texts(["id", "subject", "number"], &from).await?;
        let row = |[id, subject, number]: [String; 3]| {
            Ok(Row {
                id: id.parse()?,
                subject,
                number: number.parse()?,
            })
        };
        found.into_iter().map(row).collect()
    }

    /// Whether one can write at once, because no transaction stays open.
    pub(crate) async fn is_free(&self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(file) => {
                let connection = Connection::open(file)?;
                connection.busy_timeout(Duration::from_secs(1))?;
                Ok(connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?)
            }
            Self::SqlServer(address) => {
                // Nobody may hold any lock on the table for this.
                Held::table(address, "change", Duration::from_secs(1))
                    .await
                    .map(drop)
            }
        }
    }

    /// Columns of a table, as texts on both engines.
    async fn texts<const N: usize>(
        &self,
        columns: [&str; N],
        from: &str,
    ) -> anyhow::Result<Vec<[String; N]>> {
        let columns = columns.map(|column| format!("CAST({column} AS NVARCHAR(100))"));
        let sql = format!("SELECT {} FROM {from}", columns.join(", "));
        match self {
            Self::Sqlite(file) => {
                let connection =
                    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                connection.busy_timeout(Duration::from_secs(5))?;
                let mut statement = connection.prepare(&sql)?;
                let cells = |row: &rusqlite::Row| cells(|number| Ok(row.get::<_, String>(number)?));
                let mut found = statement.query([])?;
                let mut rows = Vec::new();
                while let Some(row) = found.next()? {
                    rows.push(cells(row)?);
                }
                Ok(rows)
            }
            Self::SqlServer(address) => {
                let mut connection = connect(address).await?;
                let found = connection
                    .simple_query(sql)
                    .await?
                    .into_first_result()
                    .await?;
                let cell = |row: &tiberius::Row, number| {
                    let text = row.try_get::<&str, _>(number)?;
                    Ok(text.context("no value")?.to_owned())
                };
                let rows = found.iter();
                rows.map(|row| cells(|number| cell(row, number))).collect()
            }
        }
    }
}

/// A table of a SQL Server that nobody else can read or write until this is dropped.
pub(crate) struct Held(dcp_chaos::sqlserver::Connection);

impl Held {
    /// Waits so long for whoever uses it.
    pub(crate) async fn table(
        address: &str,
        table: &str,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let mut held = Self(connect(address).await?);
        let settings = format!(
            "SET LOCK_TIMEOUT {}; BEGIN TRANSACTION;",
            patience.as_millis()
        );
        held.run(&settings).await?;
        held.take(table).await?;
        Ok(held)
    }

    /// Takes another table as well.
    pub(crate) async fn take(&mut self, table: &str) -> anyhow::Result<()> {
        // A change of the table itself needs it alone; it is undone when the connection goes.
        self.run(&format!("ALTER TABLE dbo.{table} ADD held INT NULL;"))
            .await
    }

    async fn run(&mut self, sql: &str) -> anyhow::Result<()> {
        self.0.simple_query(sql).await?.into_results().await?;
        Ok(())
    }
}

/// So many cells of one row.
fn cells<const N: usize>(
    cell: impl Fn(usize) -> anyhow::Result<String>,
) -> anyhow::Result<[String; N]> {
    let cells: Vec<String> = (0..N).map(cell).collect::<anyhow::Result<_>>()?;
    cells.try_into().ok().context("as many cells as columns")
}
