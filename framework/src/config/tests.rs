use serde::Deserialize;

use super::*;
use crate::secrets::{Reading, Secret, SecretTable};

#[derive(Debug, Deserialize, Default, PartialEq)]
#[serde(default)]
struct Own {
    demo: bool,
    slots: u32,
}

#[expect(clippy::unnecessary_wraps, reason = "as the reader takes them")]
fn variables(pairs: &[(&str, &str)]) -> Option<HashMap<String, String>> {
    Some(
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    )
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn a_variable_overrides_the_file_and_the_file_the_default() {
    let file = file("[node]\nname = \"a\"\n[module]\nslots = 2\n");
    let layers = Layers::read_with(
        Some(file.path()),
        variables(&[("DCP__NODE__NAME", "b"), ("DCP__MODULE__DEMO", "true")]),
    )
    .unwrap();
    let settings = layers.settings().unwrap();
    assert_eq!(
        (settings.node.name.as_str(), settings.node.instance.as_str()),
        ("b", "1")
    );
    assert_eq!(
        layers.module::<Own>().unwrap(),
        Own {
            demo: true,
            slots: 2
        }
    );
}

#[test]
fn what_is_unknown_or_wrong_is_refused_with_key_and_place() {
    let file = file("[http]\nprot = 1\n[module]\nslots = \"many\"\n");
    let layers = Layers::read_with(None, variables(&[("DCP__LOG__FORMAT", "xml")])).unwrap();
    let place = file
        .path()
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    let settings = layers.settings().unwrap_err().to_string();
    assert!(
        settings.contains("log.format") && settings.contains("DCP__LOG__FORMAT"),
        "{settings}"
    );
    let layers = Layers::read_with(Some(file.path()), variables(&[])).unwrap();
    let own = layers.module::<Own>().unwrap_err().to_string();
    assert!(
        own.contains("module.slots") && own.contains("many") && own.contains(&place),
        "{own}"
    );
    let settings = layers.settings().unwrap_err().to_string();
    assert!(
        settings.contains("http") && settings.contains("prot") && settings.contains(&place),
        "{settings}"
    );
    let layers = Layers::read_with(None, variables(&[("DCP__MODULE__SLOT", "1")])).unwrap();
    let own = layers.module::<Own>().unwrap_err().to_string();
    assert_eq!(
        own,
        "setting module.slot: is not a known setting (variable DCP__MODULE__SLOT)"
    );
}

struct One;

impl Secrets for One {
    fn read<'a>(&'a self, path: &'a str) -> Reading<'a> {
        Box::pin(async move {
            let table =
                SecretTable::from([("url".to_owned(), Secret::new("mssql:server=db".to_owned()))]);
            if path == "store/mvda" {
                Ok(table)
            } else {
                Err(SecretsError::Missing(path.into()))
            }
        })
    }
}

#[tokio::test]
async fn a_reference_is_replaced_by_its_secret() {
    let mut layers = Layers::read_with(
        None,
        variables(&[("DCP__STORE__URL", "secret://store/{module}#url")]),
    )
    .unwrap()
    .of_reader("mvda");
    layers.resolve(&One).await.unwrap();
    assert_eq!(layers.settings().unwrap().store.url, "mssql:server=db");
    let mut layers = Layers::read_with(
        None,
        variables(&[("DCP__BUS__URL", "secret://bus/mvda#url")]),
    )
    .unwrap();
    let error = anyhow::Error::from(layers.resolve(&One).await.unwrap_err());
    assert_eq!(
        format!("{error:#}"),
        "setting bus.url refers to a secret that cannot be had: there is no secret bus/mvda"
    );
}

#[tokio::test]
async fn what_a_bus_refers_to_is_tried_and_left_to_be_read_for_each_connection() {
    #[derive(Debug, Deserialize)]
    struct Bridge {
        other_bus: BusSettings,
    }
    let reference = "secret://store/mvda#url";
    let given = [
        ("DCP__BUS__URL", reference),
        ("DCP__MODULE__OTHER_BUS__URL", reference),
    ];
    let mut layers = Layers::read_with(None, variables(&given)).unwrap();
    layers.resolve(&One).await.unwrap();
    assert_eq!(layers.settings().unwrap().bus.url, reference);
    assert_eq!(layers.module::<Bridge>().unwrap().other_bus.url, reference);
    let lost = [(
        "DCP__MODULE__OTHER_BUS__PASSWORD",
        "secret://bus/bridge#password",
    )];
    let mut layers = Layers::read_with(None, variables(&lost)).unwrap();
    let error = layers.resolve(&One).await.unwrap_err().to_string();
    assert!(error.contains("module.other_bus.password"), "{error}");
}

#[test]
fn the_documented_settings_are_those_of_the_code() {
    let kept = include_str!("../../../docs/configuration.md");
    assert!(
        kept == document(),
        "docs/configuration.md is out of date: cargo run -p dcp -- config document >docs/configuration.md"
    );
}

#[test]
fn every_setting_says_what_it_is() {
    for line in document().lines().filter(|line| line.starts_with("| `")) {
        let about = line
            .trim_end_matches('|')
            .rsplit(" | ")
            .next()
            .unwrap_or_default();
        assert!(about.trim().len() > 3, "{line}");
    }
}
