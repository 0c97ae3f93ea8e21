//! `dcp db create` on a server where another platform has logins already. Needs the SQL Server of `DCP_TEST_SQLSERVER`.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test fails where it stands, and reads its environment"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dcp::secrets::Secret;
use dcp::store::opens;

/// A platform of one node with two modules that nobody else has.
struct Platform {
    folder: tempfile::TempDir,
    server: String,
}

impl Platform {
    fn new(server: &str, modules: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().display();
        let mut node = format!(
            "[node]\nname = \"gxp-node\"\nzone = \"gxp\"\nhome = \"{home}\"\n\
             [edge]\ninternal = \"127.0.0.1:1\"\nexternal = \"127.0.0.1:2\"\npublic_url = \"http://localhost:1\"\nportal_url = \"http://localhost:1\"\nmodule_ports = \"3-9\"\n\
             [bus]\nurl = \"local:{home}/bus.db\"\n[secrets]\nurl = \"file:{home}/secrets.toml\"\n\
             [store]\nurl = \"secret://store/{{module}}#gxp\"\nmigrate = \"command\"\n"
        );
        for module in modules {
            node.extend(["[[module]]\nname = \"", module, "\"\n"]);
        }
        std::fs::create_dir(folder.path().join("run")).unwrap();
        std::fs::write(folder.path().join("run/gxp-node.toml"), node).unwrap();
        let platform = Self {
            folder,
            server: server.to_owned(),
        };
        let made = platform.dcp(&["init-secrets"]);
        assert!(made.status.success(), "{}", said(&made));
        platform
    }

    fn dcp(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dcp"));
        command.args(arguments).env("DCP_HOME", self.folder.path());
        command.env("DCP_SQLSERVER", &self.server).output().unwrap()
    }

    fn create(&self, more: &[&str]) -> Output {
        // A server without ownership chaining needs the rights, the others do not mind.
        let arguments = [&["db", "create", "--table-rights"], more].concat();
        self.dcp(&arguments)
    }

    fn secrets(&self) -> PathBuf {
        self.folder.path().join("secrets.toml")
    }

    /// The address of a module's database as the file of secrets has it.
    fn address(&self, module: &str) -> Secret<String> {
        let text = std::fs::read_to_string(self.secrets()).unwrap();
        let all: toml::Table = toml::from_str(&text).unwrap();
        let address = all[&format!("store/{module}")]["gxp"].as_str();
        Secret::new(address.unwrap().to_owned())
    }
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(err)
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

#[tokio::test]
async fn logins_of_another_platform_keep_their_passwords_unless_new_ones_are_asked_for() {
    let Ok(server) = std::env::var("DCP_TEST_SQLSERVER") else {
        eprintln!("SKIPPED: logins_of_another_platform: DCP_TEST_SQLSERVER is not set");
        return;
    };
    let name = dcp::clock::Ids::random().next().simple().to_string();
    let modules = [format!("test-a{name}"), format!("test-b{name}")];
    let [a, b] = &modules;
    let first = Platform::new(&server, &modules);
    let made = first.create(&[]);
    assert!(made.status.success(), "{}", said(&made));
    let again = first.create(&[]);
    assert_eq!(
        said(&again).matches("opens the database already").count(),
        2
    );

    let second = Platform::new(&server, &modules);
    let before = read(&second.secrets());
    let refused = second.create(&[]);
    assert!(!refused.status.success());
    let told = said(&refused);
    for words in [
        &*format!("dcp_gxp_test_a{name}, dcp_gxp_test_b{name}"),
        "--new-passwords",
        &format!("dcp secrets set store/{a} gxp"),
        "nothing was made",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(read(&second.secrets()), before);
    opens(&first.address(a)).await.unwrap();

    // One is enough to refuse all.
    let taken_over = second.create(&["--new-passwords", "--module", b]);
    assert!(taken_over.status.success(), "{}", said(&taken_over));
    opens(&second.address(b)).await.unwrap();
    opens(&first.address(b)).await.unwrap_err();
    opens(&first.address(a)).await.unwrap();
    let refused = first.create(&[]);
    assert!(said(&refused).contains(&format!("dcp_gxp_test_b{name}.")));
    opens(&first.address(a)).await.unwrap();
}
