//! A copy of a database that was made while its module worked, put back.

use super::{add, count, database, open};
use crate::store::{ServerCopy, back_up_database, restore_database};

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

/// Where the server makes no backups, that is told with the way that is left.
#[tokio::test]
async fn a_server_that_makes_no_backups_says_so() {
    let test = "store::restoring::a_server_that_makes_no_backups";
    let Some(address) = database(test).await else {
        return;
    };
    drop(open(&address).await);
    let (server, name) = address.rsplit_once(";database=").unwrap();
    let copy = ServerCopy {
        server: server.trim_start_matches("mssql:"),
        database: name,
        file: "refused.bak",
    };
    match back_up_database(&copy).await {
        Ok(()) => eprintln!("SKIPPED: {test}: this server makes backups"),
        Err(refused) => assert!(
            refused
                .to_string()
                .starts_with("this server makes no backups; `dcp db copy --to sqlite:FILE`"),
            "{refused:?}"
        ),
    }
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
    let file = format!("{name}.bak");
    let copy = ServerCopy {
        server: server.trim_start_matches("mssql:"),
        database: name,
        file: &file,
    };
    if let Err(error) = back_up_database(&copy).await {
        eprintln!("SKIPPED: {test}: {error}");
        return;
    }
    add(&store, 2).await.unwrap();
    let refused = restore_database(&copy, true).await.unwrap_err();
    assert!(
        refused.to_string().contains("stop the module first"),
        "{refused}"
    );
    drop(store);
    let refused = restore_database(&copy, false).await.unwrap_err();
    assert!(
        refused.to_string().contains("is there already"),
        "{refused}"
    );
    restore_database(&copy, true).await.unwrap();
    assert_eq!(count(&open(&address).await).await, 1);
}
