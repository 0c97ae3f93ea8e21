//! Moving a database from SQLite to SQL Server and back.

use super::{ONE, SAMPLE, Store, add, count, database, open};
use crate::params;

/// A file with some rows, its address, and an empty migrated database.
async fn sides(test: &str) -> Option<(tempfile::TempDir, String, String)> {
    let to = database(test).await?;
    let folder = tempfile::tempdir().unwrap();
    let from = format!("sqlite:{}", folder.path().join("sample.db").display());
    let store = open(&from).await;
    let at = store.clock().now();
    for id in 0..1203_i64 {
        let name = format!("Grün {id} 'quoted' ");
        let weight = (id % 3 != 0).then_some(0.1 * 3.0);
        let row = params![id, name, weight, id % 2 == 0, "[\"ä\"]", at];
        store.write("sample_add", row).await.unwrap();
    }
    store
        .write("sample_note_add", params![7, "a note"])
        .await
        .unwrap();
    Store::migrate(&to, SAMPLE).await.unwrap();
    Some((folder, from, to))
}

#[tokio::test]
async fn everything_arrives_and_the_module_goes_on_there() {
    let Some((_folder, from, to)) = sides("store::copying::everything_arrives").await else {
        return;
    };
    let mut told = Vec::new();
    let done = Store::copy(&from, &to, SAMPLE, |table| told.push(table.clone()))
        .await
        .unwrap();
    assert_eq!(done, told);
    let rows = |name: &str| done.iter().find(|table| table.table == name).unwrap().rows;
    assert_eq!((rows("sample"), rows("sample_note")), (1203, 1));
    let store = open(&to).await;
    assert_eq!(count(&store).await, 1203);
    add(&store, 5000).await.unwrap();
    store
        .write("sample_note_add", params![5000, "another"])
        .await
        .unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.call(
        "sample_add",
        params![5001, "b", None::<f64>, true, "[]", store.clock().now()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn everything_comes_back_into_a_new_file_and_a_file_that_is_there_is_kept() {
    let test = "store::copying::everything_comes_back";
    let Some((folder, from, to)) = sides(test).await else {
        return;
    };
    let there = Store::copy(&from, &to, SAMPLE, |_| {}).await.unwrap();
    let file = folder.path().join("back.db");
    let back = format!("sqlite:{}", file.display());
    let returned = Store::copy(&to, &back, SAMPLE, |_| {}).await.unwrap();
    assert_eq!(there, returned, "the same rows by count and hash");
    let (first, second) = (open(&from).await, open(&back).await);
    assert_eq!(count(&second).await, 1203);
    let all = async |store: &Store| {
        let rows = store.read("sample_all", params![]).await.unwrap();
        rows.all::<super::Sample>().unwrap()
    };
    assert_eq!(all(&first).await, all(&second).await);
    add(&second, 5000).await.unwrap();
    let refused = Store::copy(&to, &back, SAMPLE, |_| {}).await.unwrap_err();
    assert!(
        refused.to_string().contains("is there already"),
        "{refused}"
    );
    assert_eq!(count(&second).await, 1204);
    let bare = database(test).await.unwrap();
    let other = format!("sqlite:{}", folder.path().join("other.db").display());
    let refused = Store::copy(&bare, &other, SAMPLE, |_| {})
        .await
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("the source is not at the version"),
        "{refused}"
    );
    assert!(!folder.path().join("other.db.part").exists());
}

#[tokio::test]
async fn a_target_that_is_not_empty_or_not_migrated_is_refused_and_stays_as_it_was() {
    let test = "store::copying::a_target_that_is_not_empty";
    let Some((_folder, from, to)) = sides(test).await else {
        return;
    };
    let store = open(&to).await;
    add(&store, 1).await.unwrap();
    let refused = Store::copy(&from, &to, SAMPLE, |_| {})
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        "migration: the target is not empty: sample holds 1 rows"
    );
    assert_eq!(count(&store).await, 1);
    let bare = database(test).await.unwrap();
    let refused = Store::copy(&from, &bare, SAMPLE, |_| {})
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("migration: the target is not at the version"),
        "{refused}"
    );
    let _one = ONE.lock().await;
}

#[tokio::test]
async fn a_value_that_does_not_fit_leaves_the_target_empty() {
    let test = "store::copying::a_value_that_does_not_fit";
    let Some((folder, from, to)) = sides(test).await else {
        return;
    };
    let file = folder.path().join("sample.db");
    let connection = rusqlite::Connection::open(file).unwrap();
    connection
        .execute("UPDATE sample SET at = 'soon' WHERE id = 1100", [])
        .unwrap();
    let refused = Store::copy(&from, &to, SAMPLE, |_| {})
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("sample.at holds a value"), "{refused}");
    assert_eq!(count(&open(&to).await).await, 0);
}
