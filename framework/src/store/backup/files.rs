//! Files of SQLite, copied while their modules work: all as they were at one moment.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::refused;
use crate::limits::STORE_OPEN;
use crate::store::StoreError;
use crate::store::sqlite::map;

/// What a copied file must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content.
    pub sha256: String,
}

/// Copies each file to the place beside it, all as they were at one moment; who writes waits until all have begun, not until
/// they are done. Each copy is read back and checked before it gets its name.
pub fn back_up_files(files: &[(PathBuf, PathBuf)]) -> Result<Vec<Copy>, StoreError> {
    let sources: Vec<&Path> = files.iter().map(|(from, _)| from.as_path()).collect();
    let moment = at_one_moment(&sources)?;
    let pairs = moment.iter().zip(files);
    pairs.map(|(source, (_, to))| copy(source, to)).collect()
}

/// A reading transaction on each file, all begun while nobody could write to any of them.
fn at_one_moment(files: &[&Path]) -> Result<Vec<Connection>, StoreError> {
    let mut by_path = files.to_vec();
    // Two who do this at once take the files in the same order, so that none waits for the other for ever.
    by_path.sort_unstable();
    let still = by_path.into_iter().map(|file| {
        let connection = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("BEGIN IMMEDIATE").map_err(map)?;
        Ok(connection)
    });
    let still = still.collect::<Result<Vec<_>, StoreError>>()?;
    let readers = files.iter().map(|file| {
        let connection = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("BEGIN").map_err(map)?;
        // A transaction begins with its first look at the file.
        let look = "SELECT COUNT(*) FROM sqlite_master";
        connection
            .query_row(look, [], |row| row.get::<_, i64>(0))
            .map_err(map)?;
        Ok(connection)
    });
    let readers = readers.collect();
    drop(still);
    readers
}

fn open(file: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(file, flags).map_err(map)?;
    connection.busy_timeout(STORE_OPEN).map_err(map)?;
    Ok(connection)
}

fn copy(source: &Connection, to: &Path) -> Result<Copy, StoreError> {
    let part = with_end(to, ".part");
    let done = write(source, &part).and_then(|()| measured(&part));
    match done.and_then(|copy| rename(&part, to).map(|()| copy)) {
        Ok(copy) => Ok(copy),
        Err(error) => {
            // What is unfinished serves nobody; that it could not be removed says less than why it is unfinished.
            drop(std::fs::remove_file(&part));
            Err(error)
        }
    }
}

fn write(source: &Connection, part: &Path) -> Result<(), StoreError> {
    let mut target = Connection::open(part).map_err(map)?;
    Backup::new(source, &mut target)
        .and_then(|backup| backup.step(-1))
        .map_err(map)?;
    // One file and no log beside it; the module turns it to its log again.
    target
        .execute_batch("PRAGMA journal_mode = DELETE")
        .map_err(map)?;
    let found: String = target
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(map)?;
    if found != "ok" {
        let text = format!("the database is damaged: {}", found.replace('\n', " "));
        return Err(refused(text));
    }
    target.close().map_err(|(_, error)| map(error))?;
    File::open(part)
        .and_then(|file| file.sync_all())
        .map_err(unavailable)
}

/// Whether a file is what it must be; refused with a sentence when it is not.
pub fn verify_file(file: &Path, copy: &Copy) -> Result<(), StoreError> {
    let found = measured(file)?;
    if found == *copy {
        return Ok(());
    }
    Err(refused(format!(
        "{} is not the file that was written: {} bytes with SHA-256 {}, and {} with {} were noted; take another copy",
        file.display(),
        found.bytes,
        found.sha256,
        copy.bytes,
        copy.sha256
    )))
}

/// Puts the copy in the place of a module's file. A file that is there is refused, or with `aside` given that name; it is
/// refused in any case while a program has it open. The file belongs to whom its folder belongs to.
pub fn restore_file(
    from: &Path,
    copy: &Copy,
    to: &Path,
    aside: Option<&Path>,
) -> Result<(), StoreError> {
    verify_file(from, copy)?;
    if to.exists() && aside.is_none() {
        return Err(refused(format!("{} is there already", to.display())));
    }
    unused(to)?;
    let part = with_end(to, ".restoring");
    let written = std::fs::copy(from, &part)
        .and_then(|_| belonging(&part, to))
        .and_then(|()| File::open(&part)?.sync_all())
        .map_err(unavailable)
        .and_then(|()| verify_file(&part, copy));
    if let Err(error) = written {
        drop(std::fs::remove_file(&part));
        return Err(error);
    }
    put_aside(to, aside)?;
    rename(&part, to)
}

/// Gives a file and its log another name; without one, removes a log that was left behind.
fn put_aside(file: &Path, aside: Option<&Path>) -> Result<(), StoreError> {
    for end in ["", "-wal", "-shm"] {
        let old = with_end(file, end);
        if !old.exists() {
            continue;
        }
        match aside {
            Some(aside) => rename(&old, &with_end(aside, end))?,
            None => std::fs::remove_file(&old).map_err(unavailable)?,
        }
    }
    Ok(())
}

/// Refuses a file that another process has open.
fn unused(file: &Path) -> Result<(), StoreError> {
    if !file.exists() {
        return Ok(());
    }
    let alone = || {
        let connection =
            Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(map)?;
        let text = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK";
        connection.execute_batch(text).map_err(map)
    };
    match alone() {
        Err(StoreError::Busy) => Err(refused(format!(
            "{} is in use; stop the module first",
            file.display()
        ))),
        // A damaged file is a reason to restore.
        _ => Ok(()),
    }
}

fn measured(file: &Path) -> Result<Copy, StoreError> {
    let mut reader = File::open(file).map_err(|error| {
        let text = format!("{} cannot be read: {error}", file.display());
        refused(text)
    })?;
    let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
    let mut portion = vec![0; 1 << 16];
    loop {
        let read = reader.read(&mut portion).map_err(unavailable)?;
        if read == 0 {
            break;
        }
        hash.update(&portion[..read]);
        bytes += read as u64;
    }
    Ok(Copy {
        bytes,
        sha256: hex::encode(hash.finalize()),
    })
}

/// An operator is often somebody else than who runs the modules.
fn belonging(file: &Path, to: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let model = to.parent().unwrap_or(to).metadata()?;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o640))?;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) == (model.uid(), model.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(file, Some(model.uid()), Some(model.gid()))
}

/// A new name that lasts.
fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    std::fs::rename(from, to).map_err(unavailable)?;
    let folder = to.parent().unwrap_or(to);
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(unavailable)
}

fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn unavailable(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}
