//! TLS to a real socket: whom the client trusts, what it remembers of the server, and what people read when it does not trust.

use dcp::pi::{PiClient, PiCredentials, PiError, PiSource};
use pi_simulator::{Running, Settings};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::source;

/// A CA with its certificate in a file.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) file: String,
}

/// A certificate as a server shows it.
pub(crate) struct Shown {
    certificate: String,
    key: String,
    fingerprint: String,
}

impl Authority {
    pub(crate) fn new(folder: &TempDir, name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap());
        let issuer = issuer.unwrap();
        let file = folder.path().join(format!("{name}.pem"));
        std::fs::write(&file, issuer.pem()).unwrap();
        Self {
            issuer,
            file: file.to_str().unwrap().to_owned(),
        }
    }

    /// A certificate for a name, that ends with a year.
    pub(crate) fn sign(&self, name: &str, until: i32) -> Shown {
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        parameters.not_before = date_time_ymd(2020, 1, 1);
        parameters.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Shown {
            fingerprint: hex::encode(Sha256::digest(certificate.der())),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// A simulator that shows this certificate; its address has the name `localhost`.
pub(crate) async fn showing(folder: &TempDir, shown: &Shown, settings: Settings) -> Running {
    let (certificate, key) = (
        folder.path().join("server.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&certificate, &shown.certificate).unwrap();
    std::fs::write(&key, &shown.key).unwrap();
    let settings = Settings {
        tls: Some((certificate, key)),
        ..settings
    };
    Running::start(settings).await.unwrap()
}

pub(crate) fn at(simulator: &Running, url: &str, ca: Option<&str>) -> PiSource {
    PiSource {
        url: url.to_owned(),
        ca_file: ca.map(str::to_owned),
        ..source(simulator)
    }
}

/// The address of a simulator with the name that certificates are for.
pub(crate) fn named(simulator: &Running) -> String {
    simulator.url().replace("127.0.0.1", "localhost")
}

async fn refusal(source: &PiSource) -> PiError {
    let client = PiClient::connect(source, &PiCredentials::Anonymous).unwrap();
    client.check().await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_certificate_of_the_named_ca_is_read_and_its_certificate_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(&folder, "plant");
    let shown = authority.sign("localhost", 2090);
    let simulator = showing(&folder, &shown, Settings::default()).await;
    let source = at(&simulator, &named(&simulator), Some(&authority.file));
    let client = PiClient::connect(&source, &PiCredentials::Anonymous).unwrap();
    let identity = client.identity().await.unwrap();
    assert_eq!(identity.certificate_sha256, Some(shown.fingerprint));
    assert_eq!(identity.product, "PI Web API simulator");
    assert_eq!(client.known_identity(), Some(identity));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_show_who_it_is_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(&folder, "plant");
    let stranger = Authority::new(&folder, "stranger");
    let mut simulators = Vec::new();
    for (name, until) in [
        ("localhost", 2090),
        ("localhost", 2021),
        ("pi.plant.example", 2090),
    ] {
        let shown = authority.sign(name, until);
        simulators.push(showing(&folder, &shown, Settings::default()).await);
    }
    let plain = Running::start(Settings::default()).await.unwrap();
    let [good, expired, renamed] = [0, 1, 2].map(|place: usize| named(&simulators[place]));
    let plain_url = named(&plain).replace("http://", "https://");
    let cases = [
        (
            &good,
            Some(&stranger),
            "has a certificate that is not signed by the CA in ",
        ),
        (
            &good,
            None,
            "not signed by a CA that this machine trusts; name the CA's file in the data source",
        ),
        (
            &expired,
            Some(&authority),
            "has a certificate that has expired",
        ),
        (
            &renamed,
            Some(&authority),
            "has a certificate that is not for the name localhost",
        ),
        (
            &plain_url,
            Some(&authority),
            "does not speak TLS as it should; is it the port for https?",
        ),
    ];
    for (url, ca, words) in cases {
        let ca = ca.map(|ca| ca.file.as_str());
        let error = refusal(&at(&plain, url, ca)).await;
        assert!(matches!(error, PiError::Certificate { .. }), "{error:?}");
        let told = error.to_string();
        assert!(
            told.starts_with("the PI Web API server localhost ") && told.contains(words),
            "{told}"
        );
        assert_eq!(error.title(), "The PI server's certificate is not accepted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ca_that_cannot_be_used_is_named_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = Running::start(Settings::default()).await.unwrap();
    let text = folder.path().join("readme.txt");
    std::fs::write(&text, "not a certificate").unwrap();
    let cases = [
        (
            "https://localhost/piwebapi",
            "/no/such/ca.pem",
            "No such file",
        ),
        (
            "https://localhost/piwebapi",
            text.to_str().unwrap(),
            "holds no certificate in PEM",
        ),
        (
            "http://localhost/piwebapi",
            text.to_str().unwrap(),
            "begins with http://",
        ),
    ];
    for (url, file, words) in cases {
        let source = at(&simulator, url, Some(file));
        let error = PiClient::connect(&source, &PiCredentials::Anonymous).unwrap_err();
        assert!(matches!(error, PiError::Misconfigured(_)), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
}
