//! Every limit of the platform, named, with its reason.

use std::time::Duration;

/// How long a call waits for a connection of the store before the answer is 503: a person waits no longer for a click.
pub const STORE_ACQUIRE: Duration = Duration::from_secs(2);
/// How long SQLite waits for another process's write, within [`STORE_ACQUIRE`].
pub const STORE_LOCK: Duration = Duration::from_millis(1500);
/// Connections that read from a SQLite file: each is a thread, and two cores are the smallest machine.
pub const SQLITE_READERS: usize = 2;
/// Calls waiting for one SQLite thread; more are refused as busy at once.
pub const SQLITE_QUEUE: usize = 1024;
/// Page cache of one SQLite connection in KiB, so that an idle module stays small.
pub const SQLITE_CACHE_KIB: i64 = 1024;
/// Prepared statements kept by one SQLite connection.
pub const SQLITE_STATEMENTS: usize = 128;
/// Connections to one SQL Server database of one process.
pub const SQLSERVER_CONNECTIONS: usize = 8;
/// How long dialling and logging in at SQL Server may take.
pub const SQLSERVER_CONNECT: Duration = Duration::from_secs(5);
/// How long one procedure call may take at SQL Server.
pub const SQLSERVER_CALL: Duration = Duration::from_secs(30);
/// Rows a procedure may answer with: a list is paged, not read whole.
pub const STORE_ROWS: usize = 100_000;
/// The body of a message: larger things are referred to by key and hash.
pub const MESSAGE_BYTES: usize = 256 * 1024;
