//! What a SQL Server is told to back up and to restore, through an administrator's connection. The files are on its machine.

use crate::store::sqlserver::{UNMAPPED, statement};
use crate::store::{Cause, StoreError};

use super::refused;

/// A backup on the server.
#[derive(Debug, Clone, Copy)]
pub struct ServerCopy<'a> {
    /// ADO connection string of an administrator, without a database.
    pub server: &'a str,
    /// The database.
    pub database: &'a str,
    /// The file, as the server finds it; without a folder in its own for backups.
    pub file: &'a str,
}

/// Lets the server back up the database, and read back and check what it has written.
pub async fn back_up_database(copy: &ServerCopy<'_>) -> Result<(), StoreError> {
    for text in [back_up(copy), verify(copy)] {
        let done = statement(copy.server, &text).await;
        done.map_err(|error| told(error, copy))?;
    }
    Ok(())
}

/// Lets the server restore the database; one that is there is refused, or with `replace` replaced unless somebody works in it.
pub async fn restore_database(copy: &ServerCopy<'_>, replace: bool) -> Result<(), StoreError> {
    let told = |error| told(error, copy);
    let ask = async |text: String| statement(copy.server, &text).await.map_err(told);
    ask(verify(copy)).await?;
    let there = number(&ask(there(copy.database)).await?) > 0;
    if !there {
        return ask(restore(copy)).await.map(drop);
    }
    let database = copy.database;
    if !replace {
        let text = format!("the database {database} is there already");
        return Err(refused(text));
    }
    let sessions = number(&ask(sessions(database)).await?);
    if sessions > 0 {
        let text = format!(
            "{sessions} connections work in the database {database}; stop the module first"
        );
        return Err(refused(text));
    }
    ask(alone(database)).await?;
    let done = ask(restore(copy)).await;
    // Whatever came of it, nobody can work with a database that one connection has for itself.
    let shared = ask(shared(database)).await;
    done.and(shared).map(drop)
}

fn number(answer: &[String]) -> i64 {
    let first = answer.first().and_then(|cell| cell.parse().ok());
    first.unwrap_or_default()
}

// COPY_ONLY leaves the chain of an operator's own differential backups alone.
fn back_up(copy: &ServerCopy<'_>) -> String {
    format!(
        "BACKUP DATABASE {} TO DISK = {} WITH INIT, CHECKSUM, COPY_ONLY;",
        name(copy.database),
        text(copy.file)
    )
}

fn verify(copy: &ServerCopy<'_>) -> String {
    format!(
        "RESTORE VERIFYONLY FROM DISK = {} WITH CHECKSUM;",
        text(copy.file)
    )
}

fn restore(copy: &ServerCopy<'_>) -> String {
    format!(
        "RESTORE DATABASE {} FROM DISK = {} WITH CHECKSUM, REPLACE;",
        name(copy.database),
        text(copy.file)
    )
}

fn there(database: &str) -> String {
    let database = text(database);
    format!("SELECT CASE WHEN DB_ID({database}) IS NULL THEN 0 ELSE 1 END AS there;")
}

fn sessions(database: &str) -> String {
    format!(
        "SELECT COUNT(*) AS sessions FROM sys.dm_exec_sessions WHERE database_id = DB_ID({}) AND session_id <> @@SPID;",
        text(database)
    )
}

fn alone(database: &str) -> String {
    format!(
        "ALTER DATABASE {} SET SINGLE_USER WITH ROLLBACK IMMEDIATE;",
        name(database)
    )
}

fn shared(database: &str) -> String {
    format!("ALTER DATABASE {} SET MULTI_USER;", name(database))
}

/// A name in a statement.
fn name(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// A text in a statement.
fn text(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}

/// Says what an operator can do about what the server refuses.
fn told(error: StoreError, copy: &ServerCopy<'_>) -> StoreError {
    let StoreError::Database(cause) = &error else {
        return error;
    };
    let advice = number_of(cause).and_then(|number| advice(number, copy));
    advice.map_or(error, refused)
}

fn number_of(cause: &Cause) -> Option<u32> {
    cause.downcast_ref::<tiberius::error::Error>()?.code()
}

fn advice(number: u32, copy: &ServerCopy<'_>) -> Option<String> {
    let ServerCopy { database, file, .. } = copy;
    let words = match number {
        3201 | 3202 => format!(
            "the server cannot reach {file}: it is a path on the server's machine, where the account of the server may write"
        ),
        262 | 3110 | 916 => format!(
            "the login of DCP_SQLSERVER may not back up or restore {database}; it must be an administrator"
        ),
        911 => format!("there is no database {database}; `dcp db create` makes it"),
        3101 => format!("the database {database} is in use; stop the module first"),
        3154 => format!("{file} holds a backup of another database"),
        3169 => format!("{file} was written by a newer version of SQL Server than this one"),
        3183 | 3189 | 3203 | 3241 | 3242 | 3243 | 3256 | 3258 => {
            format!("{file} is damaged or holds no backup; take another one")
        }
        3257 | 112 => format!("the disk of the server has no room for {database}"),
        // Servers that speak SQL Server's protocol and know no backups answer with a number of their own, or with a wrong syntax.
        102 | 156 | UNMAPPED => {
            "this server makes no backups; `dcp db copy --to sqlite:FILE` copies the database to a file, and `--from` back"
                .to_owned()
        }
        _ => return None,
    };
    Some(format!("{words} (error {number} of the server)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COPY: ServerCopy<'static> = ServerCopy {
        server: "server=tcp:db,1433",
        database: "dcp_gxp_mv]da",
        file: "it's.bak",
    };

    #[test]
    fn statements_quote_what_they_name() {
        assert_eq!(
            back_up(&COPY),
            "BACKUP DATABASE [dcp_gxp_mv]]da] TO DISK = N'it''s.bak' WITH INIT, CHECKSUM, COPY_ONLY;"
        );
        assert_eq!(
            verify(&COPY),
            "RESTORE VERIFYONLY FROM DISK = N'it''s.bak' WITH CHECKSUM;"
        );
        assert_eq!(
            restore(&COPY),
            "RESTORE DATABASE [dcp_gxp_mv]]da] FROM DISK = N'it''s.bak' WITH CHECKSUM, REPLACE;"
        );
        assert_eq!(
            alone(COPY.database),
            "ALTER DATABASE [dcp_gxp_mv]]da] SET SINGLE_USER WITH ROLLBACK IMMEDIATE;"
        );
        assert_eq!(
            shared(COPY.database),
            "ALTER DATABASE [dcp_gxp_mv]]da] SET MULTI_USER;"
        );
        assert!(sessions(COPY.database).contains("DB_ID(N'dcp_gxp_mv]da')"));
        assert!(there(COPY.database).contains("DB_ID(N'dcp_gxp_mv]da')"));
    }

    #[test]
    fn numbers_of_the_server_become_what_to_do() {
        for (number, words) in [
            (3201, "a path on the server's machine"),
            (262, "must be an administrator"),
            (911, "`dcp db create` makes it"),
            (3101, "stop the module first"),
            (3241, "take another one"),
            (102, "`dcp db copy --to sqlite:FILE`"),
        ] {
            let told = advice(number, &COPY).unwrap();
            assert!(told.contains(words), "{told}");
            assert!(told.ends_with(&format!("(error {number} of the server)")));
        }
        assert_eq!(advice(8134, &COPY), None);
    }
}
