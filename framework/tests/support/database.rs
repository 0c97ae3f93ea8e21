//! The database of a module under test. Included by the tests of modules.

use std::path::Path;

/// A file in `folder`, or a new database of the SQL Server that `DCP_TEST_STORE` names.
pub(crate) async fn store_url(folder: &Path) -> String {
    #[expect(clippy::disallowed_methods, reason = "tests read their environment")]
    let Ok(server) = std::env::var("DCP_TEST_STORE") else {
        return format!("sqlite:{}", folder.display());
    };
    let name = format!("dcp_test_{}", dcp::clock::Ids::random().next().simple());
    dcp::store::create_database(&server, &name).await.unwrap()
}
