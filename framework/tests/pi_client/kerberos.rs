//! Kerberos against servers that others wrote: MIT's realm server, and Apache with its module for Negotiate before the simulator.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dcp::pi::{PiClient, PiError, PiSource};
use dcp::secrets::{FileSecrets, Secrets};
use pi_simulator::{Running, Settings};
use tempfile::TempDir;

const REALM: &str = "PLANT.TEST";
const PASSWORD: &str = "dryer-Secret1";

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A realm with the accounts `svc-dcp` (a password) and `svc/key` (a keytab), and the service `HTTP/localhost`.
struct Realm {
    folder: TempDir,
    kdc: SocketAddr,
    server: Option<Process>,
}

/// A program of Debian that administrators call; none where it is not installed.
fn installed(name: &str) -> Option<PathBuf> {
    ["/usr/sbin", "/usr/bin"]
        .map(|folder| Path::new(folder).join(name))
        .into_iter()
        .find(|path| path.exists())
}

fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

async fn listening(at: SocketAddr) {
    let end = Instant::now() + Duration::from_secs(20);
    while tokio::net::TcpStream::connect(at).await.is_err() {
        assert!(Instant::now() < end, "nothing listens at {at}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Realm {
    /// None where its programs are not installed (`infra/install test` brings them).
    async fn start(ticket_life: &str) -> Option<Self> {
        for name in [
            "krb5kdc",
            "kdb5_util",
            "kadmin.local",
            "faketime",
            "apache2",
        ] {
            if installed(name).is_none() {
                eprintln!("skipped: {name} is not installed; infra/install test brings it");
                return None;
            }
        }
        let (folder, kdc) = (tempfile::tempdir().unwrap(), free());
        let at = folder.path().display();
        let settings = format!(
            "[realms]\n{REALM} = {{\n database_name = {at}/principal\n key_stash_file = {at}/stash\n kdc_listen = {kdc}\n kdc_tcp_listen = {kdc}\n max_life = {ticket_life}\n supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal\n}}\n[logging]\n kdc = FILE:{at}/kdc.log\n admin_server = FILE:{at}/admin.log\n"
        );
        std::fs::write(folder.path().join("kdc.conf"), settings).unwrap();
        let client = format!(
            "[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\nrdns = false\n[realms]\n{REALM} = {{\n kdc = {kdc}\n}}\n"
        );
        std::fs::write(folder.path().join("krb5.conf"), client).unwrap();
        let mut realm = Self {
            folder,
            kdc,
            server: None,
        };
        realm.run("kdb5_util", &["create", "-s", "-r", REALM, "-P", "master"]);
        let keytab = |name: &str| format!("ktadd -k {at} {name}", at = realm.place("svc.keytab"));
        for query in [
            format!("addprinc +requires_preauth -pw {PASSWORD} svc-dcp"),
            "addprinc +requires_preauth -randkey svc/key".to_owned(),
            "addprinc -randkey HTTP/localhost".to_owned(),
            keytab("svc/key"),
            keytab("svc/key"),
            format!("ktadd -k {} HTTP/localhost", realm.place("http.keytab")),
        ] {
            realm.run("kadmin.local", &["-q", &query]);
        }
        realm.serve(None).await;
        Some(realm)
    }

    fn place(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(installed(program).unwrap());
        command
            .env("KRB5_CONFIG", self.place("krb5.conf"))
            .env("KRB5_KDC_PROFILE", self.place("kdc.conf"))
            .stdin(Stdio::null());
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let done = self.command(program).args(arguments).output().unwrap();
        assert!(done.status.success(), "{program}: {done:?}");
    }

    /// Starts the realm's server, with a clock that is wrong by so much.
    async fn serve(&mut self, clock: Option<&str>) {
        self.server = None;
        let mut command = self.command("krb5kdc");
        if let Some(clock) = clock {
            // Not by the program `faketime`, which would leave the server behind when it is killed.
            command
                .env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1")
                .env("FAKETIME", clock);
        }
        let log = std::fs::File::create(self.place("kdc.out")).unwrap();
        command
            .arg("-n")
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.server = Some(Process(command.spawn().unwrap()));
        listening(self.kdc).await;
    }

    /// Apache, which lets those through to `behind` whose tickets it accepts.
    async fn guard(&self, behind: SocketAddr) -> (Process, SocketAddr) {
        let at = free();
        let modules =
            "mpm_event authn_core authz_core authz_user auth_gssapi proxy proxy_http headers";
        let load =
            |name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n");
        let modules = modules.split(' ').map(load).collect::<Vec<_>>().concat();
        let (folder, keytab) = (self.folder.path().display(), self.place("http.keytab"));
        let settings = format!(
            "ServerRoot {folder}\nServerName localhost\nListen {at}\nPidFile {folder}/apache.pid\nErrorLog {folder}/apache.log\n{modules}<Location />\nAuthType GSSAPI\nAuthName PI\nGssapiCredStore keytab:{keytab}\nRequire user svc-dcp@{REALM} svc/key@{REALM}\nRequestHeader unset Authorization\n</Location>\nProxyPass / http://{behind}/\n"
        );
        std::fs::write(self.place("apache.conf"), settings).unwrap();
        let mut command = self.command("apache2");
        // One process alone, so that none is left when the test ends.
        command.args(["-f", &self.place("apache.conf"), "-X"]);
        let log = std::fs::File::create(self.place("apache.out")).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let process = Process(command.spawn().unwrap());
        listening(at).await;
        (process, at)
    }

    /// A reader of what stands at an address with what the secret holds.
    async fn reader(&self, at: SocketAddr, secret: &str) -> Result<PiClient, PiError> {
        let file = self.place("secrets.toml");
        let text = format!("[\"pi/plant\"]\nkdc = \"{}\"\n{secret}\n", self.kdc);
        std::fs::write(&file, text).unwrap();
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&file, permissions).unwrap();
        let secrets: std::sync::Arc<dyn Secrets> =
            std::sync::Arc::new(FileSecrets::open(&file).unwrap());
        let source = PiSource {
            id: "plant".to_owned(),
            url: format!("http://localhost:{}/piwebapi", at.port()),
            credentials: Some("pi/plant".to_owned()),
            ..PiSource::default()
        };
        PiClient::open(&source, secrets).await
    }

    /// How many tickets were asked for and granted, of the realm and of services.
    fn granted(&self) -> (usize, usize) {
        let log = std::fs::read_to_string(self.place("kdc.log")).unwrap_or_default();
        let count = |kind: &str| {
            let lines = log
                .lines()
                .filter(|line| line.contains(kind) && line.contains("ISSUE"));
            lines.count()
        };
        (count("AS_REQ"), count("TGS_REQ"))
    }
}

fn password(password: &str) -> String {
    format!("principal = \"svc-dcp@{REALM}\"\npassword = \"{password}\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn kerberos_lets_in_by_password_and_by_keytab_with_one_sign_in_for_many_requests() {
    let Some(realm) = Realm::start("10h").await else {
        return;
    };
    let simulator = Running::start(Settings::default()).await.unwrap();
    let (_apache, at) = realm.guard(simulator.address).await;
    let refused = reqwest::get(format!("http://localhost:{}/piwebapi/", at.port())).await;
    assert_eq!(
        refused.unwrap().status(),
        401,
        "nobody comes in without a ticket"
    );
    let client = realm.reader(at, &password(PASSWORD)).await.unwrap();
    // Each request shows a proof of its own: Apache refuses one that it has seen.
    for _ in 0..5 {
        assert_eq!(client.asset_servers().await.unwrap()[0].name, "PIAF");
    }
    assert_eq!(realm.granted(), (1, 1));
    let again = realm.reader(at, &password(PASSWORD)).await.unwrap();
    again.check().await.unwrap();
    assert_eq!(
        realm.granted(),
        (1, 1),
        "another reader of the same account"
    );
    let keytab = STANDARD.encode(std::fs::read(realm.place("svc.keytab")).unwrap());
    let secret = format!("principal = \"svc/key@{REALM}\"\nkeytab = \"{keytab}\"");
    let client = realm.reader(at, &secret).await.unwrap();
    client.check().await.unwrap();
    assert_eq!(realm.granted(), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_asked_for_again_before_it_ends() {
    // Shorter than the time before its end at which a ticket is not used any more.
    let Some(realm) = Realm::start("1m").await else {
        return;
    };
    let simulator = Running::start(Settings::default()).await.unwrap();
    let (_apache, at) = realm.guard(simulator.address).await;
    let client = realm.reader(at, &password(PASSWORD)).await.unwrap();
    client.check().await.unwrap();
    client.check().await.unwrap();
    assert_eq!(realm.granted(), (2, 2));
}

async fn told(realm: &Realm, at: SocketAddr, secret: &str) -> String {
    let client = realm.reader(at, secret).await.unwrap();
    let error = client.check().await.unwrap_err();
    assert!(
        matches!(error, PiError::NoTicket(_) | PiError::TicketsAway(_)),
        "{error:?}"
    );
    let problem = dcp::http::Problem::from(error);
    assert_eq!(
        (problem.status().as_u16(), problem.kind()),
        (503, "urn:dcp:problem:pi-access")
    );
    let body = serde_json::to_value(&problem).unwrap();
    body["detail"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_account_the_clock_or_the_realm_is_told_in_words() {
    let Some(mut realm) = Realm::start("10h").await else {
        return;
    };
    let simulator = Running::start(Settings::default()).await.unwrap();
    let at = simulator.address;
    let kdc = realm.kdc;
    for _ in 0..3 {
        assert_eq!(
            told(&realm, at, &password("not this one")).await,
            format!("The password of svc-dcp@{REALM} is wrong.")
        );
    }
    let log = std::fs::read_to_string(realm.place("kdc.log")).unwrap();
    let tried = log.lines().filter(|line| line.contains("PREAUTH_FAILED:"));
    // Tried more often, it would lock the account.
    assert_eq!(tried.count(), 1, "{log}");
    let unknown = format!("principal = \"nobody@{REALM}\"\npassword = \"x\"");
    assert_eq!(
        told(&realm, at, &unknown).await,
        format!("The Kerberos server {kdc} does not know nobody@{REALM}.")
    );
    let elsewhere = format!("{}\nservice = \"HTTP/elsewhere\"", password(PASSWORD));
    let words = told(&realm, at, &elsewhere).await;
    assert!(
        words.contains("does not know the service HTTP/elsewhere"),
        "{words}"
    );
    let other = format!(
        "principal = \"svc/other@{REALM}\"\nkeytab = \"{}\"",
        STANDARD.encode([5, 2])
    );
    realm.run(
        "kadmin.local",
        &["-q", "addprinc +requires_preauth -randkey svc/other"],
    );
    assert_eq!(
        told(&realm, at, &other).await,
        format!("The keytab holds no AES key of svc/other@{REALM}.")
    );
    realm.serve(Some("+20m")).await;
    let words = told(
        &realm,
        at,
        &format!("{}\nservice = \"HTTP/clock\"", password(PASSWORD)),
    )
    .await;
    assert!(
        words.contains("clocks of this machine and of the Kerberos server")
            && words.contains("s apart"),
        "{words}"
    );
    realm.server = None;
    let words = told(
        &realm,
        at,
        &format!("{}\nservice = \"HTTP/away\"", password(PASSWORD)),
    )
    .await;
    assert!(
        words.starts_with(&format!("The Kerberos server {kdc} does not answer: ")),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_complete_says_what_is_missing() {
    let secrets = tempfile::tempdir().unwrap();
    let realm = Realm {
        folder: secrets,
        kdc: free(),
        server: None,
    };
    for (secret, words) in [
        (
            "principal = \"svc-dcp\"\npassword = \"x\"",
            "principal is written as name@REALM",
        ),
        (
            "principal = \"svc@PLANT.TEST\"",
            "either a password or a keytab",
        ),
        (
            "principal = \"svc@PLANT.TEST\"\nkeytab = \"no base64!\"",
            "keytab is the file in base64",
        ),
    ] {
        let error = realm.reader(realm.kdc, secret).await.unwrap_err();
        assert!(
            matches!(&error, PiError::Misconfigured(told) if told.contains(words)),
            "{error}"
        );
    }
}
