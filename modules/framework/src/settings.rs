//! Sites and data sources as the operator writes them down.

use std::path::PathBuf;

use anyhow::Context as _;
use dcp::model::{DataSourceId, SiteId};
use dcp::params;
use dcp::store::StoreError;
use serde::Deserialize;

use crate::Framework;

/// Section `[module]` of the settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// Knows the demo's two sites.
    demo: bool,
    /// Address of the PI Web API of the demo's data source.
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

[[data_source]]
id = "dryers"
site = "basel"
name = "Dryers"
url = "http://127.0.0.1:7420/piwebapi"
asset_server = "PIAF"
database = "Basel"
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
        if let (Some(url), Some(source)) = (&self.pi_url, sites.data_source.first_mut()) {
            source.url.clone_from(url);
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
    /// Writes the sites down. What the file does not name any more stays: records refer to it.
    pub(crate) async fn keep(&self, sites: &Sites) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        for site in &sites.site {
            tx.call(
                "site_put",
                params![&site.id, &site.name, &site.country, &site.time_zone],
            )
            .await?;
        }
        for source in &sites.data_source {
            let DataSource {
                id,
                site,
                name,
                url,
                asset_server,
                database,
                data_server,
                credentials,
                ca_file,
            } = source;
            let ca_file = ca_file.as_ref().map(|file| file.display().to_string());
            let values = params![
                id,
                site,
                name,
                "pi-web-api",
                url,
                asset_server,
                database,
                data_server,
                credentials,
                ca_file
            ];
            tx.call("data_source_put", values).await?;
        }
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_has_two_sites_and_one_source() {
        let settings = Settings {
            demo: true,
            pi_url: Some("http://127.0.0.1:1/piwebapi".into()),
            sites: None,
        };
        let sites = settings.sites().unwrap();
        assert_eq!((sites.site.len(), sites.data_source.len()), (2, 1));
        assert_eq!(sites.data_source[0].url, "http://127.0.0.1:1/piwebapi");
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
}
