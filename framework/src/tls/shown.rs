//! The certificate that a listener shows.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use tokio_rustls::TlsAcceptor;

use super::certificates;

/// A certificate and its key, read anew when their files change: whoever renews them restarts nothing.
#[derive(Debug)]
pub(crate) struct Shown {
    certificate: PathBuf,
    key: PathBuf,
    held: Mutex<(Stamp, Arc<ServerConfig>)>,
}

/// When the two files were written.
type Stamp = [Option<SystemTime>; 2];

impl Shown {
    /// Reads both files.
    pub(crate) async fn open(certificate: &Path, key: &Path) -> io::Result<Self> {
        let held = (stamp(certificate, key).await, read(certificate, key).await?);
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            held: Mutex::new(held),
        })
    }

    /// Accepts connections with what the files hold now; with what they held, when that cannot be used.
    pub(crate) async fn acceptor(&self) -> TlsAcceptor {
        let now = stamp(&self.certificate, &self.key).await;
        let held = || self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held().0 != now {
            let read = read(&self.certificate, &self.key).await;
            let mut held = held();
            held.0 = now;
            match read {
                Ok(config) => held.1 = config,
                Err(error) => {
                    tracing::error!(%error, "the new certificate of the listener cannot be used; the one before is shown on");
                }
            }
        }
        held().1.clone().into()
    }
}

async fn stamp(certificate: &Path, key: &Path) -> Stamp {
    let of = async |file| tokio::fs::metadata(file).await?.modified();
    [of(certificate).await.ok(), of(key).await.ok()]
}

async fn read(certificate: &Path, key: &Path) -> io::Result<Arc<ServerConfig>> {
    let file = async |file: &Path, setting: &str| {
        let unreadable = |error| {
            io::Error::other(format!(
                "{setting}: {} cannot be read: {error}",
                file.display()
            ))
        };
        tokio::fs::read(file).await.map_err(unreadable)
    };
    let chain = file(certificate, "http.certificate").await?;
    let chain = certificates(&chain, "http.certificate")?;
    let key = PrivateKeyDer::from_pem_slice(&file(key, "http.key").await?)
        .map_err(|_| io::Error::other("http.key holds no private key in PEM"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| io::Error::other("http.certificate and http.key do not fit together"))?;
    Ok(Arc::new(config))
}
