//! Dialling: TCP, TLS with the server's name checked, AMQP; and what an operator is told when it fails.

use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Connection, ConnectionProperties, ErrorKind};
use rustls::AlertDescription;

use super::broker::Login;
use super::tls::Encrypted;
use crate::tls;

/// Why there is no connection; the text says with whom and what to do.
#[derive(Debug, thiserror::Error)]
#[error("the broker {host} {problem}")]
pub(super) struct NotConnected {
    host: String,
    problem: String,
    #[source]
    cause: lapin::Error,
}

/// A connection for `purpose`.
pub(super) async fn dial(login: &Login, purpose: &str) -> Result<Connection, NotConnected> {
    let properties = ConnectionProperties::default().with_connection_name(purpose.into());
    if login.uri.scheme == AMQPScheme::AMQP {
        let dialled = Connection::connect_uri(login.uri.clone(), properties).await;
        return dialled.map_err(|cause| failed(login, None, cause));
    }
    let encrypted = Encrypted::new(login).map_err(|error| failed(login, None, error.into()))?;
    // What it does not know to be encrypted it does not encrypt a second time.
    let uri = AMQPUri {
        scheme: AMQPScheme::AMQP,
        ..login.uri.clone()
    };
    let dialled = Connection::connect_uri_with_runtime(uri, properties, encrypted.runtime()).await;
    dialled.map_err(|cause| failed(login, encrypted.refused(), cause))
}

fn failed(login: &Login, refused: Option<&rustls::Error>, cause: lapin::Error) -> NotConnected {
    let late = match cause.kind() {
        ErrorKind::IOError(error) => tls::failure(error),
        _ => None,
    };
    NotConnected {
        host: format!("{}:{}", login.uri.authority.host, login.uri.authority.port),
        problem: refused
            .or(late)
            .map_or_else(|| problem(login, &cause), |error| of_tls(login, error)),
        cause,
    }
}

fn problem(login: &Login, cause: &lapin::Error) -> String {
    let user = &login.uri.authority.userinfo.username;
    match cause.kind() {
        ErrorKind::IOError(_) => "cannot be reached".to_owned(),
        ErrorKind::ProtocolError(error) => match error.kind() {
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => {
                format!("refuses the user {user} or its password")
            }
            AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => {
                format!(
                    "does not let the user {user} into the virtual host {}",
                    login.uri.vhost
                )
            }
            _ => "refuses the connection".to_owned(),
        },
        _ => "cannot be used".to_owned(),
    }
}

fn of_tls(login: &Login, error: &rustls::Error) -> String {
    let by = if login.trust.is_some() {
        "the CA in bus.ca"
    } else {
        "a CA that this machine trusts; name its own in bus.ca"
    };
    let name = &login.uri.authority.host;
    match error {
        rustls::Error::InvalidCertificate(error) => tls::wrong_with(error, name, by),
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure,
        ) => "wants a certificate of this process: bus.certificate and bus.key".to_owned(),
        rustls::Error::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown,
        ) => "refuses the certificate of this process (bus.certificate)".to_owned(),
        _ => "does not speak TLS as it should; is it the port for amqps?".to_owned(),
    }
}
