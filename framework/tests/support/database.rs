//! The database of a module under test. Included by the tests of modules.

use std::path::Path;

/// Databases are made one after the other: a server may fail to make several at once.
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A file in `folder`, or a new database of the SQL Server that `DCP_TEST_STORE` names.
pub(crate) async fn store_url(folder: &Path) -> String {
    #[expect(clippy::disallowed_methods, reason = "tests read their environment")]
    let Ok(server) = std::env::var("DCP_TEST_STORE") else {
        return format!("sqlite:{}", folder.display());
    };
    let _one = ONE.lock().await;
    let name = format!("dcp_test_{}", dcp::clock::Ids::random().next().simple());
    let made = dcp::store::create_database(&server, &name).await;
    made.expect("the server of DCP_TEST_STORE makes a database")
}
