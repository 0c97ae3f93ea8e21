//! Credentials that an engine of the vault makes for each reader, such as users of RabbitMQ, with a lease of their own:
//! `dynamic/<mount of the engine>/creds/<role>`.

use std::time::{Duration, Instant};

use rustify::Endpoint as _;
use vaultrs::api::EndpointResult;
use vaultrs::api::database::requests::GenerateCredentialsRequest;
use vaultrs::api::database::responses::GenerateCredentialsResponse;
use vaultrs::client::Client as _;
use vaultrs::error::ClientError;

use super::super::{Secret, SecretTable};
use super::lease::RENEW;
use super::{Lease, Trouble, Vault};

/// Until when credentials are good, and when new ones take their place.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) until: Instant,
    renew_at: Instant,
    /// They end with the login they were made for.
    of: Lease,
}

impl Made {
    /// Whether they serve for a while yet.
    pub(super) fn is_fresh(&self, lease: &Lease) -> bool {
        Instant::now() < self.renew_at && self.of.is_of(lease)
    }
}

/// The engine and the role of a path, if it is one of an engine that makes credentials.
pub(super) fn engine(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("dynamic/")?.split_once("/creds/")
}

impl Vault {
    /// Asks for new credentials and remembers until when they are good.
    pub(super) async fn make(
        &self,
        lease: &Lease,
        path: &str,
        (mount, role): (&str, &str),
    ) -> Result<SecretTable, Trouble> {
        let asked = Instant::now();
        let request = GenerateCredentialsRequest {
            mount: mount.to_owned(),
            name: role.to_owned(),
        };
        let answer = request.with_middleware(lease.client.middle());
        let answer = answer.exec(lease.client.http()).await;
        let answer: EndpointResult<GenerateCredentialsResponse> = answer
            .and_then(|answer| answer.wrap())
            .map_err(ClientError::from)?;
        let lasts = Duration::from_secs(answer.lease_duration.into());
        let given = answer
            .data
            .ok_or_else(|| Trouble::Refused(format!("{path} gives no credentials")))?;
        self.note_made(
            path,
            Made {
                until: asked + lasts,
                renew_at: asked + lasts.mul_f64(rand::random_range(RENEW)),
                of: lease.clone(),
            },
        );
        Ok(SecretTable::from([
            ("username".to_owned(), Secret::new(given.username)),
            ("password".to_owned(), Secret::new(given.password)),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_whether_it_makes_credentials() {
        let found = engine("dynamic/rabbitmq/creds/mvda");
        assert_eq!(found, Some(("rabbitmq", "mvda")));
        assert_eq!(engine("rabbitmq/creds/mvda"), None);
        assert_eq!(engine("bus/gxp"), None);
    }
}
