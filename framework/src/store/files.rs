//! The `sql` folder of a module, embedded in its binary.

use include_dir::Dir;

/// The SQL of one owner for both engines: made by [`store!`](crate::store!).
#[derive(Debug, Clone, Copy)]
pub struct Files {
    /// Who owns the migrations: the crate.
    pub owner: &'static str,
    /// `sql/sqlite`.
    pub sqlite: &'static Dir<'static>,
    /// `sql/mssql`.
    pub mssql: &'static Dir<'static>,
}

/// Embeds `sql/sqlite` and `sql/mssql` of the calling crate: `pub const STORE: dcp::store::Files = dcp::store!();`.
#[macro_export]
macro_rules! store {
    () => {{
        use $crate::store::include_dir;
        static SQLITE: include_dir::Dir<'static> =
            include_dir::include_dir!("$CARGO_MANIFEST_DIR/sql/sqlite");
        static MSSQL: include_dir::Dir<'static> =
            include_dir::include_dir!("$CARGO_MANIFEST_DIR/sql/mssql");
        $crate::store::Files {
            owner: env!("CARGO_PKG_NAME"),
            sqlite: &SQLITE,
            mssql: &MSSQL,
        }
    }};
}

/// What the framework keeps in every module's database: outbox, inbox, dead letters, leases, audit.
pub const FRAMEWORK: Files = {
    static SQLITE: Dir<'static> =
        include_dir::include_dir!("$CARGO_MANIFEST_DIR/src/store/sql/sqlite");
    static MSSQL: Dir<'static> =
        include_dir::include_dir!("$CARGO_MANIFEST_DIR/src/store/sql/mssql");
    Files {
        owner: "dcp",
        sqlite: &SQLITE,
        mssql: &MSSQL,
    }
};

/// One `.sql` file.
#[derive(Debug, Clone, Copy)]
pub(super) struct SqlFile {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
}

/// The procedure files of a folder, by name; its `migrations` folder excepted.
pub(super) fn procedures(folder: &'static Dir<'static>) -> Vec<SqlFile> {
    sql_files(folder)
}

/// The migration files of a folder, by name.
pub(super) fn migrations(folder: &'static Dir<'static>) -> Vec<SqlFile> {
    folder
        .get_dir("migrations")
        .map(sql_files)
        .unwrap_or_default()
}

fn sql_files(folder: &'static Dir<'static>) -> Vec<SqlFile> {
    let files = folder
        .files()
        .filter(|file| file.path().extension().is_some_and(|end| end == "sql"));
    let mut found: Vec<SqlFile> = files
        .filter_map(|file| {
            Some(SqlFile {
                path: file.path().to_str()?,
                text: file.contents_utf8()?,
            })
        })
        .collect();
    found.sort_by_key(|file| file.path);
    found
}
