//! Databases that are behind, level and ahead of the program that opens them.

use include_dir::{Dir, DirEntry, File};

use super::{Arc, Files, Ids, SAMPLE, Store, StoreError, SystemClock, add, count, database, open};
use crate::params;
use crate::store::Plan;

macro_rules! sample {
    ($engine:literal, $file:literal) => {
        include_bytes!(concat!("../sample/", $engine, "/", $file))
    };
}

/// The next version of the sample: one more column, and a procedure that fills it.
const NEXT: Files = {
    static SQLITE: Dir<'static> = Dir::new(
        "",
        &[
            DirEntry::File(File::new(
                "next.sql",
                b"-- procedure sample_add(id INTEGER, name TEXT, weight REAL?, ready BOOL, tags JSON, at TIME)\n\
                INSERT INTO sample (id, name, weight, ready, tags, at, unit)\
                 VALUES (:id, :name, :weight, :ready, :tags, :at, 'kg');\n\
                -- procedure sample_units() -> count INTEGER\nSELECT COUNT(unit) AS count FROM sample;\n",
            )),
            DirEntry::Dir(Dir::new(
                "migrations",
                &[
                    DirEntry::File(File::new(
                        "migrations/V001__sample.sql",
                        sample!("sqlite", "migrations/V001__sample.sql"),
                    )),
                    DirEntry::File(File::new(
                        "migrations/V002__unit.sql",
                        b"ALTER TABLE sample ADD COLUMN unit TEXT;",
                    )),
                ],
            )),
        ],
    );
    static MSSQL: Dir<'static> = Dir::new(
        "",
        &[
            DirEntry::File(File::new(
                "next.sql",
                b"CREATE PROCEDURE dbo.sample_add @id BIGINT, @name NVARCHAR(MAX), @weight FLOAT = NULL, @ready BIT,\
                 @tags NVARCHAR(MAX), @at DATETIMEOFFSET(6) AS\n\
                INSERT INTO dbo.sample (id, name, weight, ready, tags, at, unit)\
                 VALUES (@id, @name, @weight, @ready, @tags, @at, N'kg');\nGO\n\
                CREATE PROCEDURE dbo.sample_units AS\nSELECT COUNT_BIG(unit) AS [count] FROM dbo.sample;\nGO\n",
            )),
            DirEntry::Dir(Dir::new(
                "migrations",
                &[
                    DirEntry::File(File::new(
                        "migrations/V001__sample.sql",
                        sample!("mssql", "migrations/V001__sample.sql"),
                    )),
                    DirEntry::File(File::new(
                        "migrations/V002__unit.sql",
                        b"ALTER TABLE dbo.sample ADD unit NVARCHAR(20) NULL;",
                    )),
                ],
            )),
        ],
    );
    Files {
        owner: "sample",
        sqlite: &SQLITE,
        mssql: &MSSQL,
    }
};

on_both_engines! {
    a_database_that_is_behind_is_refused_until_somebody_brings_it_up_to_date
    several_that_migrate_at_once_do_it_once
    an_older_version_works_beside_a_newer_one
}

async fn open_migrated(address: &str, files: Files) -> Result<Store, StoreError> {
    Store::open_migrated(
        "sample",
        address,
        files,
        Arc::new(SystemClock),
        Ids::random(),
    )
    .await
}

async fn units(store: &Store) -> i64 {
    let rows = store.read("sample_units", params![]).await.unwrap();
    rows.one().unwrap()
}

async fn a_database_that_is_behind_is_refused_until_somebody_brings_it_up_to_date(address: &str) {
    let refused = open_migrated(address, SAMPLE)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("the database of sample lacks dcp V001 delivery and ")
            && refused.ends_with("more; run `dcp migrate apply --module sample`"),
        "{refused}"
    );
    let before = Store::migrate(address, SAMPLE).await.unwrap();
    assert!(!before.serves());
    assert_eq!(Store::plan(address, SAMPLE).await.unwrap(), Plan::default());
    let store = open_migrated(address, SAMPLE).await.unwrap();
    add(&store, 1).await.unwrap();
    assert_eq!(count(&store).await, 1);
}

async fn several_that_migrate_at_once_do_it_once(address: &str) {
    let all = (0..4).map(|_| Store::migrate(address, SAMPLE));
    for migrated in futures_util::future::join_all(all).await {
        migrated.unwrap();
    }
    assert!(Store::plan(address, SAMPLE).await.unwrap().is_level());
}

async fn an_older_version_works_beside_a_newer_one(address: &str) {
    let older = open(address).await;
    add(&older, 1).await.unwrap();
    assert_eq!(
        Store::migrate(address, NEXT).await.unwrap().due[0].to_string(),
        "sample V002 unit"
    );
    let newer = open_migrated(address, NEXT).await.unwrap();
    add(&newer, 2).await.unwrap();
    add(&older, 3).await.unwrap();
    assert_eq!(count(&older).await, 3);
    // An older one that starts anew finds what it needs, and leaves the newer one's procedures alone.
    let again = open_migrated(address, SAMPLE).await.unwrap();
    add(&again, 4).await.unwrap();
    let again = open(address).await;
    add(&again, 5).await.unwrap();
    let seen = Store::plan(address, SAMPLE).await.unwrap();
    assert_eq!(seen.ahead[0].to_string(), "sample V002 unit");
    assert!(Store::plan(address, NEXT).await.unwrap().is_level());
    add(&newer, 6).await.unwrap();
    assert!(
        units(&newer).await >= 2,
        "the newer procedure still fills it"
    );
}
