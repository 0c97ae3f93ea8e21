//! TLS towards servers: which certificates are trusted, and in which words a refused one is told. And of a module's own listener.

mod shown;
mod trust;

pub(crate) use shown::Shown;
pub(crate) use trust::Trust;

use std::io;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, ClientConfig, ConfigBuilder, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

/// Trusts the given CA alone; without one, what the machine trusts. `setting` names the CA in errors.
pub(crate) fn trusting(
    ca: Option<&[u8]>,
    setting: &str,
) -> io::Result<ConfigBuilder<ClientConfig, WantsClientCert>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let Some(ca) = ca else {
        return builder.with_platform_verifier().map_err(io::Error::other);
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca, setting)? {
        roots.add(certificate).map_err(io::Error::other)?;
    }
    Ok(builder.with_root_certificates(roots))
}

/// The certificates of a PEM file; at least one.
pub(crate) fn certificates(pem: &[u8], setting: &str) -> io::Result<Vec<CertificateDer<'static>>> {
    let read: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .unwrap_or_default();
    if read.is_empty() {
        let text = format!("{setting} holds no certificate in PEM");
        return Err(io::Error::other(text));
    }
    Ok(read)
}

/// What is wrong with the certificate of the server `name`, where `by` says who should have signed it.
pub(crate) fn wrong_with(error: &CertificateError, name: &str, by: &str) -> String {
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            format!("has a certificate that is not signed by {by}")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("has a certificate that is not for the name {name}")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "has a certificate that has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "has a certificate that is not valid yet; compare the clocks".to_owned()
        }
        _ => format!(
            "has a certificate that cannot be used ({error}): it must be made for a server and be signed by {by}"
        ),
    }
}

/// The failure of TLS in a failure of a socket, however often it was wrapped.
pub(crate) fn failure(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    let wrapped = || inner.downcast_ref::<io::Error>().and_then(failure);
    inner.downcast_ref().or_else(wrapped)
}
