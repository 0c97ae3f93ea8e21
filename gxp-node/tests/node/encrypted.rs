//! A module that runs elsewhere and is reached with TLS: served when its certificate is the right one, refused with the reason when not.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

use crate::elsewhere::{Apart, is_listening, status, until_problem};
use crate::platform::Platform;

/// A CA, with its certificate in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap());
        let issuer = issuer.unwrap();
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, issuer.pem()).unwrap();
        Self { issuer, file }
    }

    /// Writes a certificate for a name, that ends with a year, where the module finds it.
    fn sign(&self, folder: &Path, name: &str, until: i32) {
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        parameters.not_before = date_time_ymd(2020, 1, 1);
        parameters.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(folder.join("module.pem"), certificate.pem()).unwrap();
    }
}

/// A node that trusts this CA, and reaches the module with TLS.
fn node(apart: &Apart, ca: &Path) -> Platform {
    let known = "name = \"probe\"\n";
    let section = format!(
        "{known}addresses = [\"https://localhost:{}\"]\n",
        apart.port
    );
    let ca = format!("[edge]\nca = \"{}\"\n", ca.display());
    Platform::begin(|text| text.replace(known, &section).replace("[edge]\n", &ca))
}

fn with_tls(folder: &Path) -> Vec<(&'static str, String)> {
    vec![
        (
            "DCP__HTTP__CERTIFICATE",
            folder.join("module.pem").display().to_string(),
        ),
        (
            "DCP__HTTP__KEY",
            folder.join("key.pem").display().to_string(),
        ),
    ]
}

#[tokio::test]
async fn a_module_with_the_right_certificate_is_served_and_nobody_reads_along() {
    let folder = tempfile::tempdir().unwrap();
    let plant = Authority::new(folder.path(), "plant");
    plant.sign(folder.path(), "localhost", 2090);
    let mut apart = Apart::deployed_as("probe");
    let platform = node(&apart, &plant.file);
    apart.start_with(&platform, with_tls(folder.path()));
    platform.until("served", Platform::is_ready).await;
    for _ in 0..3 {
        assert_eq!(status(&platform, "/api/probe/ping").await, 200);
    }
    let entry = platform.get("/ui/probe/main.js").await.unwrap();
    assert_eq!(entry.text().await.unwrap(), "// probe\n");
    let plain = platform.http.get(apart.url("/api/probe/ping")).send().await;
    assert!(plain.is_err(), "the port speaks nothing but TLS");
}

#[tokio::test]
async fn a_wrong_certificate_is_refused_with_the_reason_and_a_renewed_one_taken_without_a_restart()
{
    let folder = tempfile::tempdir().unwrap();
    let plant = Authority::new(folder.path(), "plant");
    let stranger = Authority::new(folder.path(), "stranger");
    stranger.sign(folder.path(), "localhost", 2090);
    let mut apart = Apart::deployed_as("probe");
    let platform = node(&apart, &plant.file);
    apart.start_with(&platform, with_tls(folder.path()));
    platform.until("listening", is_listening).await;
    until_problem(
        &platform,
        "has a certificate that is not signed by the CA in edge.ca",
    )
    .await;
    assert_eq!(status(&platform, "/api/probe/ping").await, 503);
    plant.sign(folder.path(), "mvda.plant.example", 2090);
    until_problem(
        &platform,
        "has a certificate that is not for the name localhost",
    )
    .await;
    plant.sign(folder.path(), "localhost", 2021);
    until_problem(&platform, "has a certificate that has expired").await;
    let problem: serde_json::Value = platform.json("/api/probe/ping").await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("has a certificate that has expired"),
        "{detail}"
    );
    plant.sign(folder.path(), "localhost", 2090);
    platform.until("served", Platform::is_ready).await;
    assert_eq!(status(&platform, "/api/probe/ping").await, 200);
    // One that ends while the module is served is noticed too.
    plant.sign(folder.path(), "localhost", 2021);
    until_problem(&platform, "has a certificate that has expired").await;
    assert_eq!(status(&platform, "/api/probe/ping").await, 503);
}

#[tokio::test]
async fn a_module_that_speaks_plainly_at_an_encrypted_address_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let plant = Authority::new(folder.path(), "plant");
    let mut apart = Apart::deployed_as("probe");
    let platform = node(&apart, &plant.file);
    apart.start_with(&platform, Vec::new());
    platform.until("listening", is_listening).await;
    until_problem(&platform, "does not speak TLS as it should").await;
    assert_eq!(status(&platform, "/api/probe/ping").await, 503);
    // Nor does the node begin with what it cannot check.
    std::fs::remove_file(&plant.file).unwrap();
    until_problem(&platform, "the file of edge.ca cannot be read").await;
}

#[tokio::test]
async fn a_module_with_half_a_certificate_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let plant = Authority::new(folder.path(), "plant");
    plant.sign(folder.path(), "localhost", 2090);
    let mut apart = Apart::deployed_as("probe");
    let platform = node(&apart, &plant.file);
    let half = with_tls(folder.path()).into_iter().take(1).collect();
    let (code, said) = apart.end_of_start(&platform, half);
    assert_eq!(code, Some(64), "{said}");
    assert!(
        said.contains("http.certificate and http.key belong together"),
        "{said}"
    );
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();
    let (code, said) = apart.end_of_start(&platform, with_tls(folder.path()));
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("http.key holds no private key"), "{said}");
}
