//! `dcp db backup` and `dcp db restore` at a real module: what an operator types and reads.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;

/// A platform that was set up and does not run, with one module.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let folder = home.0.path().display().to_string();
        for name in ["run", "state", "deploy/administration"] {
            std::fs::create_dir_all(home.path(name)).unwrap();
        }
        let settings = format!(
            "[node]\nname = \"gxp-node\"\nzone = \"gxp\"\nhome = \"{folder}\"\n\
             [edge]\ninternal = \"127.0.0.1:1\"\nexternal = \"127.0.0.1:2\"\npublic_url = \"http://localhost:1\"\nportal_url = \"http://localhost:1\"\nmodule_ports = \"3-9\"\n\
             [bus]\nurl = \"local:{folder}/state/bus.db\"\n[secrets]\nurl = \"file:{folder}/secrets.toml\"\n[store]\nurl = \"sqlite:{folder}/state\"\n\
             [[module]]\nname = \"administration\"\n"
        );
        std::fs::write(home.path("run/gxp-node.toml"), settings).unwrap();
        std::fs::write(home.path("secrets.toml"), "").unwrap();
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(home.path("secrets.toml"), private).unwrap();
        let program = env!("CARGO_BIN_EXE_administration");
        std::os::unix::fs::symlink(program, home.path("deploy/administration/administration"))
            .unwrap();
        home.dcp(&["migrate", "apply"]).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What the command says: on success its output, on failure its error.
    fn dcp(&self, arguments: &[&str]) -> Result<String, String> {
        let program = Path::new(env!("CARGO_BIN_EXE_administration")).with_file_name("dcp");
        if !program.exists() {
            let mut cargo = Command::new(env!("CARGO"));
            let built = cargo.args(["build", "-p", "dcp", "--bin", "dcp"]).status();
            assert!(built.unwrap().success());
        }
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.0.path())
            .env("DCP_HOME", self.0.path())
            .env_remove("DCP_SQLSERVER")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    fn database(&self) -> PathBuf {
        self.path("state/administration.db")
    }

    fn records(&self, version: i64) {
        let text = "INSERT INTO dcp_migration (owner, version, name, checksum) VALUES ('administration', ?1, 'later', 'x')";
        let connection = Connection::open(self.database()).unwrap();
        connection.execute(text, [version]).unwrap();
    }

    fn recorded(&self) -> i64 {
        let text = "SELECT MAX(version) FROM dcp_migration WHERE owner = 'administration'";
        let connection = Connection::open(self.database()).unwrap();
        connection.query_row(text, [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn a_database_is_backed_up_checked_and_put_back() {
    let home = Home::new();
    let told = home.dcp(&["db", "backup", "--to", "copies/a"]).unwrap();
    assert!(
        told.contains("administration on gxp-node: gxp-node/administration.db with"),
        "{told}"
    );
    let folder = home.path("copies/a");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let note = std::fs::read(folder.join("backup.json")).unwrap();
    let note: serde_json::Value = serde_json::from_slice(&note).unwrap();
    let kept = &note["databases"][0];
    assert_eq!(
        (&kept["module"], &kept["engine"]),
        (&"administration".into(), &"sqlite".into())
    );
    assert_eq!(kept["sha256"].as_str().unwrap().len(), 64);
    assert!(kept["applied"].as_array().unwrap().len() >= 3);

    let before = home.recorded();
    home.records(900);
    let refused = home
        .dcp(&["db", "restore", "--from", "copies/a"])
        .unwrap_err();
    assert!(refused.contains("is there already; --replace"), "{refused}");
    assert_eq!(home.recorded(), 900);
    let told = home
        .dcp(&["db", "restore", "--from", "copies/a", "--replace"])
        .unwrap();
    assert!(told.contains("what was there: "), "{told}");
    assert_eq!(home.recorded(), before);
    home.dcp(&["migrate", "verify"]).unwrap();
    std::fs::remove_file(home.database()).unwrap();
    home.dcp(&[
        "db",
        "restore",
        "--from",
        "copies/a",
        "--module",
        "administration",
    ])
    .unwrap();
    assert_eq!(home.recorded(), before);
}

#[test]
fn what_cannot_be_a_backup_or_its_return_is_refused_in_one_line() {
    let home = Home::new();
    home.dcp(&["db", "backup", "--to", "a"]).unwrap();
    let replace = |folder| {
        home.dcp(&["db", "restore", "--replace", "--from", folder])
            .unwrap_err()
    };
    let said = |refused: String, words: &str| {
        assert_eq!(refused.lines().count(), 1, "{refused}");
        assert!(refused.contains(words), "{refused}");
    };
    said(
        home.dcp(&["db", "backup", "--to", "a"]).unwrap_err(),
        "is not empty; name a new folder",
    );
    said(
        replace("nowhere"),
        "--from must name a folder that `dcp db backup` has finished",
    );

    let file = home.path("a/gxp-node/administration.db");
    let good = std::fs::read(&file).unwrap();
    let mut bytes = good.clone();
    bytes[3000] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    said(replace("a"), "is not the file that was written");
    std::fs::write(&file, good).unwrap();

    let open = Connection::open(home.database()).unwrap();
    open.query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| {
        row.get::<_, i64>(0)
    })
    .unwrap();
    said(replace("a"), "is in use; stop the module first");
    drop(open);

    home.records(900);
    home.dcp(&["db", "backup", "--to", "newer"]).unwrap();
    said(
        replace("newer"),
        "a newer version wrote the copy, with administration V900 later; deploy that version first",
    );
    assert_eq!(home.recorded(), 900);
}
