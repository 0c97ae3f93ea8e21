//! What can go wrong in the store, as far as a caller can act on it.

use std::borrow::Cow;

use thiserror::Error;

/// The cause as the driver tells it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An outcome of the store that is not the wished one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A row with this key is there already.
    #[error("a row with the same key is there already")]
    Duplicate(#[source] Cause),
    /// A reference to a row that is not there, or a broken check.
    #[error("a reference or a check of the table forbids it")]
    ForeignKey(#[source] Cause),
    /// A column that needs a value got none.
    #[error("a required column has no value")]
    Null(#[source] Cause),
    /// A text longer than its column.
    #[error("a value is too long for its column")]
    TooLong(#[source] Cause),
    /// A procedure or trigger refused, with its own words.
    #[error("refused by the database: {message}")]
    Rejected {
        /// 50000 and up: the number the procedure gave.
        code: i64,
        /// What it said.
        message: String,
    },
    /// The pool or the database is occupied longer than the limit; try again.
    #[error("the database is busy")]
    Busy,
    /// Chosen as the victim of a deadlock; try the whole transaction again.
    #[error("the transaction was the victim of a deadlock")]
    Deadlock,
    /// The database cannot be reached, or is closing.
    #[error("the database cannot be reached")]
    Unavailable(#[source] Cause),
    /// An earlier call of the same transaction failed, which ended it.
    #[error("the transaction has failed already")]
    Failed,
    /// No procedure of that name is embedded.
    #[error("there is no procedure `{0}`")]
    UnknownProcedure(String),
    /// The parameters do not fit the procedure's header.
    #[error("procedure `{procedure}`: {problem}")]
    Parameters {
        /// Its name.
        procedure: String,
        /// What does not fit.
        problem: String,
    },
    /// A row does not fit the type that was asked for.
    #[error("a row does not fit: {0}")]
    Decode(String),
    /// Exactly one row was asked for.
    #[error("one row was expected, {0} came")]
    NotOne(usize),
    /// A file of the module's `sql` folder is not as it has to be.
    #[error("{file}: {problem}")]
    File {
        /// Its path.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// The database and the embedded migrations do not fit together.
    #[error("migration: {0}")]
    Migration(String),
    /// A copy of a database that is not made or not put back.
    #[error("{0}")]
    Backup(String),
    /// The database lacks what the program needs, and starting is not allowed to bring it.
    #[error("the database of {module} lacks {missing}; run `dcp migrate apply --module {module}`")]
    Behind {
        /// Whose database.
        module: String,
        /// The first of what is missing, and how many more.
        missing: String,
    },
    /// An address of a database that nobody understands.
    #[error("the database address must begin with `sqlite:` or `mssql:`")]
    Address,
    /// A connection string of SQL Server that cannot be read.
    #[error(
        "the connection string of SQL Server: {0}; an example is `server=tcp:db.example,1433;database=dcp_gxp_mvda;user id=dcp_gxp_mvda;password=...`"
    )]
    Connection(String),
    /// A SQL Server of an older version than the procedures are written for.
    #[error("the server is SQL Server of version {0}; version 15 (2019) or a later one is needed")]
    TooOld(i32),
    /// Everything else the database says.
    #[error("the database refused the statement")]
    Database(#[source] Cause),
}

/// A refusal with what to do about it.
#[derive(Debug, Error)]
#[error("{words}")]
struct Advised {
    words: Cow<'static, str>,
    #[source]
    cause: Cause,
}

impl StoreError {
    /// What an operator has to do before the database works again, and what it said.
    pub(super) fn unavailable(words: impl Into<Cow<'static, str>>, cause: Cause) -> Self {
        let words = words.into();
        Self::Unavailable(Box::new(Advised { words, cause }))
    }

    /// What traces call it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Duplicate(_) => "duplicate",
            Self::Rejected { .. } => "rejected",
            Self::Busy => "busy",
            Self::Deadlock => "deadlock",
            Self::Unavailable(_) => "unavailable",
            _ => "error",
        }
    }

    /// Whether the same call can succeed later without any change: the answer is 503, not 500.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy | Self::Deadlock | Self::Unavailable(_))
    }
}
