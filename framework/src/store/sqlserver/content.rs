//! What a database of SQL Server holds, table by table in one transaction: filled from elsewhere, or read to go elsewhere.

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use tiberius::error::Error;
use tiberius::{Query, Row};

use super::{Connection, Engine, connect, map, value};
use crate::limits::{COPY_PARAMETERS, COPY_ROWS};
use crate::store::copy::{Fingerprint, Kind, Table};
use crate::store::{StoreError, Value};

const COLUMNS: &str = "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'dbo';";
const NUMBERED: &str =
    "SELECT OBJECT_NAME(object_id) AS table_name, name AS column_name FROM sys.identity_columns;";

/// An open transaction; dropping it leaves the database as it was.
pub(in crate::store) struct Content {
    connection: Connection,
    /// Tables and their columns that the server numbers.
    numbered: Vec<Vec<String>>,
}

impl Content {
    pub(in crate::store) async fn open(ado: &str) -> Result<Self, StoreError> {
        let mut connection = Box::pin(connect(&Engine::settings(ado)?)).await?;
        let numbered = texts(&mut connection, NUMBERED).await?;
        connection.begin_transaction().await.map_err(map)?;
        Ok(Self {
            connection,
            numbered,
        })
    }

    /// What the columns of the tables take; every table and column must be there, and no other column except one that the
    /// server numbers by itself, which stands for SQLite's own number of the row.
    pub(in crate::store) async fn kinds(
        &mut self,
        tables: &[Table],
    ) -> Result<Vec<Vec<Kind>>, StoreError> {
        let all = texts(&mut self.connection, COLUMNS).await?;
        let kind = |table: &Table, column: &str| {
            let found = all
                .iter()
                .find(|row| row[0] == table.name && row[1] == column);
            let missing =
                || StoreError::Migration(format!("{}.{column} is not in the target", table.name));
            kind(&found.ok_or_else(missing)?[2])
        };
        for row in &all {
            let by_itself = || self.numbered.iter().any(|column| column[..] == row[..2]);
            let table = tables.iter().find(|table| table.name == row[0]);
            if table.is_some_and(|table| !table.columns.contains(&row[1])) && !by_itself() {
                let text = format!("{}.{} is only in the target", row[0], row[1]);
                return Err(StoreError::Migration(text));
            }
        }
        let of = |table: &Table| {
            table
                .columns
                .iter()
                .map(|column| kind(table, column))
                .collect()
        };
        tables.iter().map(of).collect()
    }

    pub(in crate::store) async fn clear(&mut self, table: &Table) -> Result<(), StoreError> {
        self.run(&format!("DELETE FROM dbo.[{}];", table.name))
            .await
    }

    /// Rows keep the numbers they have.
    pub(in crate::store) async fn begin_table(&mut self, table: &Table) -> Result<(), StoreError> {
        self.numbering(table, "ON").await
    }

    /// The next number is higher than all that were ever given.
    pub(in crate::store) async fn end_table(&mut self, table: &Table) -> Result<(), StoreError> {
        self.numbering(table, "OFF").await?;
        match table.last {
            Some(last) if self.is_numbered(table) => {
                let text = format!("DBCC CHECKIDENT ('dbo.{}', RESEED, {last});", table.name);
                self.run(&text).await
            }
            _ => Ok(()),
        }
    }

    /// Whether a column that is copied is one the server would number.
    fn is_numbered(&self, table: &Table) -> bool {
        let mut numbered = self.numbered.iter().filter(|row| row[0] == table.name);
        numbered.any(|row| table.columns.contains(&row[1]))
    }

    async fn numbering(&mut self, table: &Table, mode: &str) -> Result<(), StoreError> {
        if !self.is_numbered(table) {
            return Ok(());
        }
        self.run(&format!("SET IDENTITY_INSERT dbo.[{}] {mode};", table.name))
            .await
    }

    pub(in crate::store) async fn insert(
        &mut self,
        table: &Table,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        let at_once = (COPY_PARAMETERS / table.columns.len().max(1)).max(1);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let portion: Vec<_> = rows.by_ref().take(at_once).collect();
            let mut query = Query::new(insert(table, &portion));
            for value in portion.into_iter().flatten() {
                value::bind_query(&mut query, value)?;
            }
            Box::pin(query.execute(&mut self.connection))
                .await
                .map_err(map)?;
        }
        Ok(())
    }

    pub(in crate::store) async fn fingerprint(
        &mut self,
        table: &Table,
    ) -> Result<Fingerprint, StoreError> {
        let mut sum = Fingerprint::default();
        let mut rows = self.rows(table).await?;
        while let Some(row) = rows.try_next().await.map_err(map)? {
            sum.add(&value::cells(&row)?);
        }
        Ok(sum)
    }

    /// Hands the rows of a table to `take` in portions.
    pub(in crate::store) async fn read(
        &mut self,
        table: &Table,
        mut take: impl FnMut(Vec<Vec<Value>>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut rows = self.rows(table).await?;
        let mut portion = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(map)? {
            portion.push(value::cells(&row)?);
            if portion.len() == COPY_ROWS {
                take(std::mem::take(&mut portion))?;
            }
        }
        take(portion)
    }

    /// The rows of a table, in the order of the number that only the server gives them, which is the order of their writing.
    async fn rows(
        &mut self,
        table: &Table,
    ) -> Result<BoxStream<'_, Result<Row, Error>>, StoreError> {
        let by_itself = self
            .numbered
            .iter()
            .find(|row| row[0] == table.name && !table.columns.contains(&row[1]));
        let order = by_itself
            .map(|row| format!(" ORDER BY [{}]", row[1]))
            .unwrap_or_default();
        let columns = table.columns.join("], [");
        let text = format!("SELECT [{columns}] FROM dbo.[{}]{order};", table.name);
        let rows = self.connection.simple_query(text).await.map_err(map)?;
        Ok(rows.into_row_stream())
    }

    /// The highest number that the server ever gave in a column that is copied.
    pub(in crate::store) async fn last(
        &mut self,
        table: &Table,
    ) -> Result<Option<i64>, StoreError> {
        if !self.is_numbered(table) {
            return Ok(None);
        }
        let text = format!(
            "SELECT CAST(IDENT_CURRENT('dbo.{}') AS BIGINT) AS last;",
            table.name
        );
        let row = self.connection.simple_query(text).await.map_err(map)?;
        let row = row.into_row().await.map_err(map)?;
        Ok(row.and_then(|row| row.get(0)))
    }

    pub(in crate::store) async fn commit(mut self) -> Result<(), StoreError> {
        self.connection.commit_transaction().await.map_err(map)
    }

    async fn run(&mut self, text: &str) -> Result<(), StoreError> {
        let done = self.connection.simple_query(text).await.map_err(map)?;
        done.into_results().await.map_err(map)?;
        Ok(())
    }
}

/// A NULL stands in the statement: as a parameter it would have no type.
fn insert(table: &Table, rows: &[Vec<Value>]) -> String {
    let mut text = format!(
        "INSERT INTO dbo.[{}] ([{}]) VALUES ",
        table.name,
        table.columns.join("], [")
    );
    let mut number = 0;
    for (at, row) in rows.iter().enumerate() {
        text.push_str(if at == 0 { "(" } else { ", (" });
        for (at, value) in row.iter().enumerate() {
            text.push_str(if at == 0 { "" } else { ", " });
            if *value == Value::Null {
                text.push_str("NULL");
            } else {
                number += 1;
                text.push_str("@P");
                text.push_str(&number.to_string());
            }
        }
        text.push(')');
    }
    text.push(';');
    text
}

fn kind(data_type: &str) -> Result<Kind, StoreError> {
    Ok(match data_type.to_ascii_lowercase().as_str() {
        "bit" => Kind::Truth,
        "bigint" | "int" | "smallint" | "tinyint" => Kind::Whole,
        "float" | "real" => Kind::Real,
        "datetimeoffset" => Kind::Instant,
        "varbinary" => Kind::Bytes,
        "nvarchar" | "nchar" | "uniqueidentifier" | "date" => Kind::Text,
        other => {
            let text = format!("a column of the target has the type {other}, which is not copied");
            return Err(StoreError::Migration(text));
        }
    })
}

async fn texts(connection: &mut Connection, text: &str) -> Result<Vec<Vec<String>>, StoreError> {
    let rows = connection.simple_query(text).await.map_err(map)?;
    let rows = rows.into_first_result().await.map_err(map)?;
    let mut found = Vec::new();
    for row in &rows {
        let cells = value::cells(row)?.into_iter().map(|cell| match cell {
            Value::Text(text) => text,
            _ => String::new(),
        });
        found.push(cells.collect());
    }
    Ok(found)
}
