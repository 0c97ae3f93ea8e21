//! Sites and data sources as the operator writes them down.

use std::path::PathBuf;

use anyhow::Context as _;
use dcp::model::{DataSourceId, SiteId};
use dcp::params;
use dcp::store::{StoreError, Tx};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Framework;
use crate::record::{Action, Entry};
use crate::setup::{Setup, State};
use crate::sites::DataSource as Stored;

/// Section `[module]` of the settings.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Settings {
    /// Knows the demo's four sites.
    demo: bool,
    /// Address of the PI Web API of the demo's data sources.
    pi_url: Option<String>,
    /// TOML file with `[[site]]` and `[[data_source]]`.
    sites: Option<PathBuf>,
}

/// Content of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sites {
    site: Vec<Site>,
    data_source: Vec<DataSource>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Site {
    id: SiteId,
    name: String,
    /// ISO 3166-1, two letters.
    country: String,
    /// Name of the tz database.
    time_zone: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataSource {
    id: DataSourceId,
    site: SiteId,
    name: String,
    url: String,
    asset_server: String,
    database: String,
    data_server: String,
    /// Path of user and password at the provider of secrets.
    credentials: String,
    /// PEM file of the CA that signs the server's certificate; without it, what the machine trusts.
    ca_file: Option<PathBuf>,
}

const DEMO: &str = r#"
[[site]]
id = "basel"
name = "Basel"
country = "CH"
time_zone = "Europe/Zurich"

[[site]]
id = "dublin"
name = "Dublin"
country = "IE"
time_zone = "Europe/Dublin"

[[site]]
id = "stein"
name = "Stein"
country = "CH"
time_zone = "Europe/Zurich"

[[site]]
id = "visp"
name = "Visp"
country = "CH"
time_zone = "Europe/Zurich"

[[data_source]]
id = "dryers"
site = "basel"
name = "Dryers"
url = "http://127.0.0.1:7420/piwebapi"
asset_server = "PIAF"
database = "Basel"
data_server = "PIMAM"
credentials = "pi/dryers"

[[data_source]]
id = "chromatography"
site = "stein"
name = "Chromatography"
url = "http://127.0.0.1:7420/piwebapi"
asset_server = "PIAF"
database = "Stein"
data_server = "PIMAM"
credentials = "pi/dryers"

[[data_source]]
id = "polymerization"
site = "visp"
name = "Polymerization"
url = "http://127.0.0.1:7420/piwebapi"
asset_server = "PIAF"
database = "Visp"
data_server = "PIMAM"
credentials = "pi/dryers"
"#;

impl Settings {
    /// The sites of the file, or those of the demo.
    pub(crate) fn sites(&self) -> anyhow::Result<Sites> {
        if let Some(file) = &self.sites {
            let text = std::fs::read_to_string(file).with_context(|| {
                format!("setting module.sites: {} cannot be read", file.display())
            })?;
            return read(&text)
                .with_context(|| format!("setting module.sites: {}", file.display()));
        }
        if !self.demo {
            return Ok(Sites::default());
        }
        let mut sites = read(DEMO)?;
        if let Some(url) = &self.pi_url {
            for source in &mut sites.data_source {
                source.url.clone_from(url);
            }
        }
        Ok(sites)
    }
}

fn read(text: &str) -> anyhow::Result<Sites> {
    let sites: Sites = toml::from_str(text)?;
    for site in &sites.site {
        jiff::tz::TimeZone::get(&site.time_zone)
            .with_context(|| format!("site {}: time zone {}", site.id, site.time_zone))?;
        anyhow::ensure!(
            site.country.len() == 2,
            "site {}: the country needs two letters",
            site.id
        );
    }
    for source in &sites.data_source {
        anyhow::ensure!(
            sites.site.iter().any(|site| site.id == source.site),
            "data source {}: site {} is not there",
            source.id,
            source.site
        );
    }
    Ok(sites)
}

impl Framework {
    /// Writes the sites down. What the file does not name any more stays.
    pub(crate) async fn keep(&self, sites: &Sites) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        for site in &sites.site {
            tx.call(
                "site_put",
                params![&site.id, &site.name, &site.country, &site.time_zone],
            )
            .await?;
        }
        Self::keep_sources(&mut tx, &sites.data_source).await?;
        tx.commit().await
    }

    async fn keep_sources(tx: &mut Tx<'_>, named: &[DataSource]) -> Result<(), StoreError> {
        let known: Vec<Stored> = tx.call("data_sources", params![true]).await?.all()?;
        for source in named {
            let known = known.iter().find(|one| one.id == source.id);
            let told = known.is_some_and(|known| source.is_told_by(known));
            if !told {
                let (action, seen) =
                    known.map_or((Action::Added, 0), |known| (Action::Changed, known.version));
                let state = State::of_file(source.setup(), true);
                Entry::of_file(&source.id, &source.site, action)
                    .keep(tx, seen, &state)
                    .await?;
            }
        }
        // Records refer to it, so it stays; who may set up sources can take it out.
        let left = known
            .iter()
            .filter(|known| known.from_file && named.iter().all(|source| source.id != known.id));
        for source in left {
            let state = State::of_file(source.setup(), false);
            Entry::of_file(&source.id, &source.site, Action::Released)
                .keep(tx, source.version, &state)
                .await?;
        }
        Ok(())
    }
}

impl DataSource {
    fn setup(&self) -> Setup {
        Setup {
            name: self.name.clone(),
            url: self.url.clone(),
            asset_server: self.asset_server.clone(),
            database: self.database.clone(),
            data_server: self.data_server.clone(),
            credentials: self.credentials.clone(),
            ca_file: self.ca_file.as_ref().map(|file| file.display().to_string()),
        }
    }

    /// Whether what is stored, and its record, say the same.
    fn is_told_by(&self, known: &Stored) -> bool {
        known.version > 0
            && known.from_file
            && !known.removed
            && known.site == self.site
            && known.setup() == self.setup()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_has_a_source_for_each_site_of_the_simulator() {
        let settings = Settings {
            demo: true,
            pi_url: Some("http://127.0.0.1:1/piwebapi".into()),
            sites: None,
        };
        let sites = settings.sites().unwrap();
        assert_eq!((sites.site.len(), sites.data_source.len()), (4, 3));
        let url = "http://127.0.0.1:1/piwebapi";
        assert!(sites.data_source.iter().all(|source| source.url == url));
        assert!(Settings::default().sites().unwrap().site.is_empty());
    }

    #[test]
    fn a_wrong_file_is_refused_with_the_reason() {
        for (from, to, reason) in [
            (
                "Europe/Dublin",
                "Europe/Atlantis",
                "time zone Europe/Atlantis",
            ),
            (
                "site = \"basel\"",
                "site = \"cork\"",
                "site cork is not there",
            ),
            ("country = \"CH\"", "country = \"Swiss\"", "two letters"),
            ("id = \"dublin\"", "id = \"a b\"", "identifier"),
        ] {
            let error = format!("{:#}", read(&DEMO.replace(from, to)).unwrap_err());
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn the_documented_settings_are_those_of_the_code() {
        let kept = include_str!("../../../docs/configuration.md");
        assert!(dcp::config::is_documented::<Settings>("framework", kept));
    }
}
