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
        "setting bus.url refers to a secret that cannot be had (variable DCP__BUS__URL): there is no secret bus/mvda"
    );
}

#[tokio::test]
async fn a_secret_that_is_missing_is_named_with_the_file_and_line_of_its_reference() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.toml");
    let text = "[store]\nmigrate = \"command\"\nurl = \"secret://store/{module}#nongxp\"\n[[module]]\nname = \"mvda\"\n";
    std::fs::write(&file, text).unwrap();
    let said = format!(
        "setting store.url refers to a secret that cannot be had (in {}, line 3): there is no secret store/mvda#nongxp",
        file.display()
    );
    let refused = async |layers: Layers| {
        let refused = layers.of_reader("mvda").resolve(&One).await.unwrap_err();
        format!("{:#}", anyhow::Error::from(refused))
    };
    let checked = Layers::read_with(Some(&file), Some(HashMap::new())).unwrap();
    assert_eq!(refused(checked).await, said);
    // The same for a module that the node has started: there it is a variable, whose text comes from the file of the node.
    let handed = |reference: &str| {
        let mut layers =
            Layers::read_with(None, variables(&[("DCP__STORE__URL", reference)])).unwrap();
        layers.node = NodeFile::of(file.clone(), "mvda");
        layers
    };
    assert_eq!(refused(handed("secret://store/mvda#nongxp")).await, said);
    let other = refused(handed("secret://store/saw#url")).await;
    assert!(other.contains("(variable DCP__STORE__URL)"), "{other}");
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
        kept.starts_with(&document()),
        "docs/configuration.md is out of date; its second line says how it is made"
    );
}

/// Settings of a module of a test.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(default)]
struct Documented {
    /// How many.
    slots: u32,
    /// Whose password.
    password: Option<String>,
    /// Another bus.
    other_bus: BusSettings,
}

impl Default for Documented {
    fn default() -> Self {
        Self {
            slots: 3,
            password: None,
            other_bus: BusSettings::default(),
        }
    }
}

fn found<'a>(all: &'a [Setting], key: &str) -> (Option<&'a str>, String) {
    let setting = all.iter().find(|one| one.key == key).unwrap();
    (setting.value.as_deref(), setting.source.to_string())
}

#[test]
fn what_is_in_force_is_told_with_where_it_comes_from_and_without_secrets() {
    let file = file(
        "[module]\nslots = 2\npassword = \"canary\"\n[module.other_bus]\nurl = \"amqp://a:canary@b/c\"\n",
    );
    let given = variables(&[(
        "DCP__MODULE__OTHER_BUS__PASSWORD",
        "secret://bus/a#password",
    )]);
    let layers = Layers::read_with(Some(file.path()), given).unwrap();
    let all = layers.effective_of_module::<Documented>();
    let place = |line| format!("in {}, line {line}", file.path().display());
    assert_eq!(found(&all, "module.slots"), (Some("2"), place(2)));
    assert_eq!(found(&all, "module.password"), (Some("(hidden)"), place(3)));
    assert_eq!(
        found(&all, "module.other_bus.url"),
        (Some("amqp://a:(hidden)@b/c"), place(5))
    );
    let variable = "variable DCP__MODULE__OTHER_BUS__PASSWORD".to_owned();
    assert_eq!(
        found(&all, "module.other_bus.password"),
        (Some("secret://bus/a#password"), variable)
    );
    assert_eq!(found(&all, "module.other_bus.ca"), (None, "default".into()));
    let nothing = Layers::read_with(None, variables(&[])).unwrap();
    let all = nothing.effective_of_module::<Documented>();
    assert_eq!(
        found(&all, "module.slots"),
        (Some("3"), "default".to_owned())
    );
}

#[test]
fn what_a_node_has_handed_over_stands_in_the_file_of_the_node() {
    let file =
        file("[[module]]\nname = \"saw\"\n[[module]]\nname = \"calc\"\nsettings = { slot = 1 }\n");
    let mut layers = Layers::read_with(None, variables(&[("DCP__MODULE__SLOT", "1")])).unwrap();
    layers.node = NodeFile::of(file.path().to_owned(), "calc");
    let wrong = layers.module::<Own>().unwrap_err().to_string();
    assert_eq!(
        wrong,
        format!(
            "setting module.slot: is not a known setting (in {}, line 5)",
            file.path().display()
        )
    );
}

#[test]
fn a_document_that_lacks_a_setting_of_a_module_is_noticed() {
    let text = document_of_module::<Documented>("sample");
    assert!(is_documented::<Documented>("sample", &text), "{text}");
    assert!(
        text.contains("### `settings.other_bus` of `sample`"),
        "{text}"
    );
    let without = text.replace("| `slots` |", "| `places` |");
    assert!(!is_documented::<Documented>("sample", &without));
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
