//! A copy of a database that was made while its module worked, put back.

use super::{add, count, database, open};
use crate::store::sqlserver;

#[tokio::test]
async fn a_copy_of_a_file_in_use_is_whole_and_is_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let store = open(&format!("sqlite:{}", path("sample.db").display())).await;
    for id in 0..50 {
        add(&store, id).await.unwrap();
    }
    // Not committed when the copy is made: no part of it.
    let open_one = store.begin().await.unwrap();
    let copy = path("copy.db");
    let beside = rusqlite::Connection::open(path("sample.db")).unwrap();
    beside
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    drop(open_one);
    add(&store, 50).await.unwrap();
    let restored = open(&format!("sqlite:{}", copy.display())).await;
    assert_eq!((count(&store).await, count(&restored).await), (51, 50));
    add(&restored, 51).await.unwrap();
}

#[tokio::test]
async fn a_backup_of_sql_server_is_what_was_there() {
    let test = "store::restoring::a_backup_of_sql_server";
    let Some(address) = database(test).await else {
        return;
    };
    let store = open(&address).await;
    add(&store, 1).await.unwrap();
    let (server, name) = address.rsplit_once(";database=").unwrap();
    let backup = format!("BACKUP DATABASE {name} TO DISK = N'{name}.bak' WITH INIT, CHECKSUM");
    if let Err(error) = sqlserver::statement(server, &backup).await {
        eprintln!("SKIPPED: {test}: this server makes no backups: {error}");
        return;
    }
    add(&store, 2).await.unwrap();
    drop(store);
    let restore = format!(
        "ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE; \
         RESTORE DATABASE {name} FROM DISK = N'{name}.bak' WITH REPLACE, CHECKSUM; \
         ALTER DATABASE {name} SET MULTI_USER"
    );
    sqlserver::statement(server, &restore).await.unwrap();
    assert_eq!(count(&open(&address).await).await, 1);
}
