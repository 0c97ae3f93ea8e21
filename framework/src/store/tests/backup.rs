//! Files of SQLite that are copied while their modules work, and put back.

use std::path::{Path, PathBuf};

use super::{Store, StoreError, add, count, open};
use crate::store::{FileCopy, Place, back_up_files, restore_file, verify_file};

fn address(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

/// A folder, a file in it with `rows` rows, and where its copy goes.
async fn with_rows(rows: i64) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("a.db"), folder.path().join("copy.db"));
    let store = open(&address(&file)).await;
    for id in 0..rows {
        add(&store, id).await.unwrap();
    }
    (folder, file, copy)
}

fn back_up(file: &Path, copy: &Path) -> FileCopy {
    let pair = (file.to_owned(), copy.to_owned());
    back_up_files(&[pair]).unwrap().remove(0)
}

/// What refused a step, in one line.
fn refusal(done: Result<(), StoreError>) -> String {
    done.unwrap_err().to_string()
}

async fn closed(file: &Path) {
    // The threads of a dropped store end by themselves, a moment later.
    for _ in 0..500 {
        let connection = rusqlite::Connection::open(file).unwrap();
        let alone = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK";
        if connection.execute_batch(alone).is_ok() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{} stays open", file.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn copies_of_several_files_are_of_one_moment_while_both_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let first = open(&address(&path("a.db"))).await;
    let second = open(&address(&path("b.db"))).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    // Each number stands in the first file before it stands in the second.
    let writing = tokio::spawn(async move {
        let mut id = 0;
        while !*stopped.borrow() {
            add(&first, id).await.unwrap();
            add(&second, id).await.unwrap();
            id += 1;
        }
        id
    });
    for round in 0..20 {
        let pair = |name: &str| (path(name), path(&format!("{round}-{name}")));
        // The other way round than they are written: copied one after the other, the first file would be ahead by many.
        let pairs = [pair("b.db"), pair("a.db")];
        tokio::task::spawn_blocking(move || back_up_files(&pairs))
            .await
            .unwrap()
            .unwrap();
        let copied = async |name: &str| {
            let file = path(&format!("{round}-{name}"));
            count(&open(&address(&file)).await).await
        };
        let (in_first, in_second) = (copied("a.db").await, copied("b.db").await);
        let ahead = in_first - in_second;
        assert!((0..=1).contains(&ahead), "{round}: {in_first} {in_second}");
    }
    stop.send(true).unwrap();
    assert!(writing.await.unwrap() > 0);
}

#[tokio::test]
async fn what_is_put_back_is_what_was_copied_and_what_was_there_is_kept() {
    let (folder, file, copy) = with_rows(50).await;
    let is = back_up(&file, &copy);
    verify_file(&copy, &is).unwrap();
    assert!(!folder.path().join("copy.db-wal").exists());
    let store = open(&address(&file)).await;
    add(&store, 50).await.unwrap();
    drop(store);
    closed(&file).await;
    let aside = folder.path().join("a.db-before");
    restore_file(&copy, &is, &file, Some(&aside)).unwrap();
    assert_eq!(count(&open(&address(&file)).await).await, 50);
    assert_eq!(count(&open(&address(&aside)).await).await, 51);
    verify_file(&copy, &is).unwrap();
}

#[tokio::test]
async fn a_file_that_is_there_in_use_or_damaged_is_refused_and_nothing_is_changed() {
    let (folder, file, copy) = with_rows(3).await;
    let is = back_up(&file, &copy);
    let aside = folder.path().join("aside.db");
    let store = open(&address(&file)).await;
    add(&store, 3).await.unwrap();
    let refused = refusal(restore_file(&copy, &is, &file, Some(&aside)));
    assert!(
        refused.ends_with("is in use; stop the module first"),
        "{refused}"
    );
    let refused = refusal(restore_file(&copy, &is, &file, None));
    assert!(refused.ends_with("is there already"), "{refused}");
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&copy, bytes).unwrap();
    let new = folder.path().join("new.db");
    let refused = refusal(restore_file(&copy, &is, &new, None));
    assert!(
        refused.contains("is not the file that was written"),
        "{refused}"
    );
    assert!(!new.exists() && !aside.exists());
    assert_eq!(count(&store).await, 4);
}

#[tokio::test]
async fn a_damaged_database_is_not_backed_up_and_can_be_replaced() {
    let (folder, file, copy) = with_rows(500).await;
    let is = back_up(&file, &copy);
    closed(&file).await;
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[5000..20_000].fill(7);
    std::fs::write(&file, bytes).unwrap();
    let to = folder.path().join("no.db");
    assert!(back_up_files(&[(file.clone(), to.clone())]).is_err());
    assert!(!to.exists() && !folder.path().join("no.db.part").exists());
    let aside = folder.path().join("damaged.db");
    restore_file(&copy, &is, &file, Some(&aside)).unwrap();
    assert_eq!(count(&open(&address(&file)).await).await, 500);
}

#[tokio::test]
async fn the_version_of_the_schema_can_be_read_from_a_copy() {
    let (_folder, file, copy) = with_rows(1).await;
    back_up(&file, &copy);
    let recorded = Store::recorded(&address(&copy)).await.unwrap();
    assert_eq!(recorded, Store::recorded(&address(&file)).await.unwrap());
    assert!(
        recorded
            .iter()
            .any(|row| row.owner == "sample" && row.version == 1)
    );
}

#[test]
fn a_place_is_told_without_secrets() {
    let place = Place::of("mssql:server=db;database=dcp_gxp_mvda;user id=m;password=p4ss").unwrap();
    assert_eq!(place, Place::SqlServer("dcp_gxp_mvda".to_owned()));
    let place = Place::of("sqlite:/srv/a.db?synchronous=full").unwrap();
    assert_eq!(place, Place::Sqlite("/srv/a.db".into()));
    assert!(Place::of("mssql:server=db").is_err());
}
