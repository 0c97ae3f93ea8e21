//! TLS to a real socket: whom the client trusts, what it remembers of the server, and what people read when it does not trust.

use std::net::SocketAddr;
use std::sync::Arc;

use dcp::pi::{PiClient, PiCredentials, PiError, PiSource};
use pi_simulator::{Running, Settings};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::source;

/// A CA with its certificate in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: String,
}

impl Authority {
    fn new(folder: &TempDir, name: &str) -> Self {
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
    fn sign(&self, name: &str, until: i32) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        parameters.not_before = date_time_ymd(2020, 1, 1);
        parameters.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        (
            certificate.der().clone(),
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
    }
}

/// Takes TLS off and hands the bytes to the simulator, as the web server in front of a PI Web API does.
async fn front(
    behind: SocketAddr,
    (certificate, key): (CertificateDer<'static>, PrivateKeyDer<'static>),
) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate hangs up here.
                if let Ok(mut outside) = acceptor.accept(socket).await {
                    let mut inside = TcpStream::connect(behind).await.unwrap();
                    let _ended = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                }
            });
        }
    });
    format!("https://localhost:{port}/piwebapi")
}

fn at(simulator: &Running, url: &str, ca: Option<&str>) -> PiSource {
    PiSource {
        url: url.to_owned(),
        ca_file: ca.map(str::to_owned),
        ..source(simulator)
    }
}

async fn refusal(source: &PiSource) -> PiError {
    let client = PiClient::connect(source, &PiCredentials::Anonymous).unwrap();
    client.check().await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_certificate_of_the_named_ca_is_read_and_its_certificate_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(&folder, "plant");
    let simulator = Running::start(Settings::default()).await.unwrap();
    let signed = authority.sign("localhost", 2090);
    let fingerprint = hex::encode(Sha256::digest(&signed.0));
    let url = front(simulator.address, signed).await;
    let source = at(&simulator, &url, Some(&authority.file));
    let client = PiClient::connect(&source, &PiCredentials::Anonymous).unwrap();
    let identity = client.identity().await.unwrap();
    assert_eq!(identity.certificate_sha256, Some(fingerprint));
    assert_eq!(identity.product, "PI Web API simulator");
    assert_eq!(client.known_identity(), Some(identity));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_show_who_it_is_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(&folder, "plant");
    let stranger = Authority::new(&folder, "stranger");
    let simulator = Running::start(Settings::default()).await.unwrap();
    let good = front(simulator.address, authority.sign("localhost", 2090)).await;
    let expired = front(simulator.address, authority.sign("localhost", 2021)).await;
    let renamed = front(simulator.address, authority.sign("pi.plant.example", 2090)).await;
    let plain = simulator
        .url()
        .replace("http://127.0.0.1", "https://localhost");
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
            &plain,
            Some(&authority),
            "does not speak TLS as it should; is it the port for https?",
        ),
    ];
    for (url, ca, words) in cases {
        let ca = ca.map(|ca| ca.file.as_str());
        let error = refusal(&at(&simulator, url, ca)).await;
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
