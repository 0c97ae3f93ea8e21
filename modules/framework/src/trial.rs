//! Trying a set-up out: the server is asked with it before anything is kept, and each thing that is wrong is named at its place.

use axum::extract::State;
use dcp::http::{Caller, Json, Problem};
use dcp::model::DataSourceId;
use dcp::pi::{PiClient, PiCredentials, PiError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::health::Watch;
use crate::health::known::{Identity, Warning, warnings};
use crate::setup::Setup;
use crate::sites::DataSource;
use crate::{Framework, SOURCES};

/// Folder of the secrets that a source may name.
const CREDENTIALS: &str = "pi/";

/// What is to be tried.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Wanted {
    id: DataSourceId,
    setup: Setup,
}

/// What the server says to a set-up.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Trial {
    /// What is wrong; nothing when the server confirms all of it.
    pub(crate) findings: Vec<Finding>,
    /// What will need attention although the set-up is right.
    warnings: Vec<Warning>,
    /// Who answered, if somebody did.
    identity: Option<Identity>,
}

/// Something that is wrong with a set-up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Finding {
    /// Where: a JSON pointer into what was sent.
    pub(crate) pointer: &'static str,
    /// What, in one sentence.
    pub(crate) title: String,
    detail: String,
}

/// Asks the server of a set-up, and keeps nothing.
#[utoipa::path(post, path = "/api/framework/data-sources/try", tag = "sites", params(("site" = String, Query)), request_body = Wanted,
    responses((status = 200, body = Trial), (status = 422, body = Problem)))]
pub(crate) async fn try_out(
    State(framework): State<Framework>,
    caller: Caller,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Trial>, Problem> {
    let site = caller.site()?.clone();
    caller.require(&SOURCES, &site)?;
    let source = DataSource::of(wanted.id, site, checked(wanted.setup)?);
    Ok(Json(framework.watch.try_out(&source).await))
}

impl Watch {
    /// Asks the server of a set-up for everything that the set-up names.
    pub(crate) async fn try_out(&self, source: &DataSource) -> Trial {
        let mut trial = Trial::default();
        if let Err((pointer, error)) = self.confirm(source, &mut trial).await {
            trial.findings.push(Finding::of(source, pointer, &error));
        }
        trial
    }

    async fn confirm(
        &self,
        source: &DataSource,
        trial: &mut Trial,
    ) -> Result<(), (&'static str, PiError)> {
        let pi = source.as_pi();
        let secrets = self.secrets();
        let credentials = PiCredentials::of(&pi, secrets.as_ref()).await;
        let credentials = credentials.map_err(|error| ("/setup/credentials", error))?;
        // The address was checked before, so that only the CA can be at fault.
        let client = PiClient::connect(&pi, &credentials);
        let client = client.map_err(|error| ("/setup/ca_file", error))?;
        let client = client.within(crate::health::PATIENCE);
        let identity = client.identity().await.map_err(placed)?;
        for warning in warnings(source, &identity) {
            match warning {
                Warning::DataServerUnknown { name } => {
                    let error = PiError::NotFound(format!("the data server {name}"));
                    trial
                        .findings
                        .push(Finding::of(source, "/setup/data_server", &error));
                }
                other => trial.warnings.push(other),
            }
        }
        trial.identity = Some(Identity::from(identity));
        let servers = client.asset_servers().await.map_err(placed)?;
        let name = &pi.asset_server;
        if !servers
            .iter()
            .any(|server| server.name.eq_ignore_ascii_case(name))
        {
            let error = PiError::NotFound(format!("the asset server {name}"));
            return Err(("/setup/asset_server", error));
        }
        let database = client.database().await;
        database.map(|_| ()).map_err(|error| match error {
            PiError::NotFound(_) | PiError::NoPermission(_) | PiError::Refused { .. } => {
                ("/setup/database", error)
            }
            other => placed(other),
        })
    }
}

/// Where the cause of a failure stands.
fn placed(error: PiError) -> (&'static str, PiError) {
    let pointer = match &error {
        PiError::Unauthorized
        | PiError::NoPermission(_)
        | PiError::TicketsAway(_)
        | PiError::NoTicket(_) => "/setup/credentials",
        PiError::Certificate { .. } => "/setup/ca_file",
        _ => "/setup/url",
    };
    (pointer, error)
}

impl Finding {
    fn of(source: &DataSource, pointer: &'static str, error: &PiError) -> Self {
        Self {
            pointer,
            title: error.title().to_owned(),
            detail: format!("{} ({}): {error}.", source.name, source.url),
        }
    }
}

/// The set-up without blanks around its parts; what can be seen to be wrong without asking anybody is refused.
pub(crate) fn checked(given: Setup) -> Result<Setup, Problem> {
    let mut wrong = Vec::new();
    let mut text = |value: &str, longest: usize, pointer: &'static str| {
        let value = value.trim();
        let length = value.chars().count();
        if !(1..=longest).contains(&length) || value.chars().any(char::is_control) {
            wrong.push((pointer, format!("Give 1 to {longest} characters.")));
        }
        value.to_owned()
    };
    let setup = Setup {
        name: text(&given.name, 200, "/setup/name"),
        url: text(&given.url, 400, "/setup/url"),
        asset_server: text(&given.asset_server, 200, "/setup/asset_server"),
        database: text(&given.database, 200, "/setup/database"),
        data_server: text(&given.data_server, 200, "/setup/data_server"),
        credentials: given.credentials.trim().to_owned(),
        ca_file: given
            .ca_file
            .map(|file| file.trim().to_owned())
            .filter(|file| !file.is_empty()),
    };
    wrong.extend(wrong_address(&setup.url).map(|detail| ("/setup/url", detail.to_owned())));
    wrong.extend(
        wrong_credentials(&setup.credentials)
            .map(|detail| ("/setup/credentials", detail.to_owned())),
    );
    if let Some(file) = &setup.ca_file
        && (!file.starts_with('/') || file.chars().count() > 400)
    {
        let detail = "Give the whole path of the file, beginning with /.";
        wrong.push(("/setup/ca_file", detail.to_owned()));
    }
    if wrong.is_empty() {
        return Ok(setup);
    }
    let problem = Problem::unprocessable("The input is not valid.");
    Err(wrong
        .into_iter()
        .fold(problem, |problem, (pointer, detail)| {
            problem.part(pointer, detail)
        }))
}

/// Credentials would go over the network for everybody to read where the address is not encrypted.
fn wrong_address(address: &str) -> Option<&'static str> {
    let Ok(url) = address.parse::<axum::http::Uri>() else {
        return Some("This is no address.");
    };
    // An address is shown and stored; secrets are neither.
    if url
        .authority()
        .is_some_and(|place| place.as_str().contains('@'))
    {
        return Some(
            "An address holds no user and no password; name the path of the credentials instead.",
        );
    }
    let host = url.host().unwrap_or_default();
    match url.scheme_str() {
        Some("https") if !host.is_empty() => None,
        Some("http") if ["127.0.0.1", "localhost", "[::1]"].contains(&host) => None,
        Some("http") => Some(
            "An address beginning with http:// is not encrypted and possible on this machine only: begin with https://.",
        ),
        _ => Some("Begin with https://."),
    }
}

/// Whoever sets up a source decides which server receives what the path holds, so it stands in the folder for that.
fn wrong_credentials(path: &str) -> Option<&'static str> {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let fits = path.is_empty()
        || path.strip_prefix(CREDENTIALS).is_some_and(|name| {
            !name.is_empty()
                && name.len() < 200
                && !name.contains("..")
                && name.bytes().all(is_fine)
        });
    (!fits)
        .then_some("Give the path of the credentials at the provider of secrets, beginning with pi/, not the credentials themselves.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_encrypted_is_for_this_machine_only() {
        for fine in [
            "https://pi.example/piwebapi",
            "http://127.0.0.1:7420/piwebapi",
            "http://[::1]:80/",
        ] {
            assert_eq!(wrong_address(fine), None, "{fine}");
        }
        for wrong in [
            "http://pi.example/piwebapi",
            "http://127.0.0.1.example/",
            "pi.example",
            "ftp://a/",
            "https:///x",
            "https://reader:secret@pi.example/piwebapi",
            "http://reader@127.0.0.1/",
            "a b",
        ] {
            assert!(wrong_address(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn credentials_are_a_path_in_their_folder_and_never_a_secret_of_another_kind() {
        for fine in ["", "pi/dryers", "pi/visp/reader-2"] {
            assert_eq!(wrong_credentials(fine), None, "{fine}");
        }
        for wrong in [
            "pi/",
            "pi/../store/framework",
            "store/framework",
            "secret",
            "pi/a#b",
        ] {
            assert!(wrong_credentials(wrong).is_some(), "{wrong}");
        }
    }
}
