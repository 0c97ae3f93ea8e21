//! The set-up of infra/vault on a real vault: each reader gets what its code reads, and nothing of anybody else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use dcp::secrets::{FileSecrets, Secret, SecretsSettings, get, push};
use reqwest::Method;
use serde_json::{Value, json};

use crate::roles::open;
use crate::server::Bao;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What a module's sources say, without white space.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text += &std::fs::read_to_string(path).unwrap();
        }
    }
    text.split_whitespace().collect()
}

/// The paths that each module and node reads: what its sources ask for, on the nodes that host it.
fn needs() -> BTreeMap<String, BTreeSet<String>> {
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for zone in ["gxp", "nongxp"] {
        let node = format!("{zone}-node");
        let text = std::fs::read_to_string(root().join(&node).join("node.toml")).unwrap();
        let settings: toml::Table = toml::from_str(&text).unwrap();
        let bus = format!("bus/{zone}");
        let own = format!("bus/{node}");
        let of_node = ["identity", "identity/public", "edge", &bus, &own];
        needs.insert(
            node,
            of_node.iter().map(|path| (*path).to_owned()).collect(),
        );
        for module in settings["module"].as_array().unwrap() {
            let name = module["name"].as_str().unwrap();
            needs
                .entry(name.to_owned())
                .or_default()
                .extend([bus.clone(), format!("bus/{name}")]);
            // The bridge stands on two buses.
            if module
                .get("settings")
                .is_some_and(|settings| settings.get("other_bus").is_some())
            {
                needs
                    .entry(name.to_owned())
                    .or_default()
                    .extend(["bus/gxp".into(), "bus/nongxp".into()]);
            }
        }
    }
    for (name, paths) in needs
        .iter_mut()
        .filter(|(name, _)| !name.ends_with("-node"))
    {
        paths.extend(["identity/public".to_owned(), format!("store/{name}")]);
        let code = sources(&root().join("modules").join(name).join("src"));
        let reads = [
            ("start.service(", format!("service/{name}")),
            ("start.credential(", format!("service/{name}")),
            ("&format!(\"service/{module}\")", "service/*".to_owned()),
            ("start.secrets(),\"edge\"", "edge".to_owned()),
            ("\"demo/users\"", "demo/users".to_owned()),
            ("first_administrator(", "first-administrator".to_owned()),
            ("PiClient::open(", "pi/dryers".to_owned()),
        ];
        for (sign, path) in reads {
            if code.contains(sign) {
                paths.insert(path);
            }
        }
        // An engine pulls results from its peers with its own credential.
        let own = format!("service/{name}");
        if code.contains(&format!("start.secret(\"{own}\"")) {
            paths.insert(own);
        }
    }
    needs
}

/// The names of all policies, which are those of the roles.
pub(crate) fn policies() -> BTreeSet<String> {
    let files = std::fs::read_dir(root().join("infra/vault/policies")).unwrap();
    let name = |file: PathBuf| file.file_stem().unwrap().to_str().unwrap().to_owned();
    files.map(|entry| name(entry.unwrap().path())).collect()
}

pub(crate) fn set_up(bao: &Bao, folder: &Path) {
    let mut command = Command::new(root().join("infra/vault/setup"));
    command.arg("--secret-ids").arg(folder);
    run_set_up(bao, &mut command);
}

/// The set-up with other options beside the address and the token.
pub(crate) fn run_set_up(bao: &Bao, command: &mut Command) {
    let command = command
        .env("DCP_VAULT_ADDR", &bao.address)
        .env("DCP_VAULT_TOKEN", &bao.root);
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// One secret at each path that anybody needs.
async fn fill(bao: &Bao, paths: &BTreeSet<String>) {
    let file = bao.folder.path().join("secrets.toml");
    let tables: Vec<String> = paths
        .iter()
        .map(|path| format!("[\"{path}\"]\nkey = \"of {path}\"\n"))
        .collect();
    std::fs::write(&file, tables.concat()).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let tables = FileSecrets::open(&file).unwrap().all().unwrap();
    let place = format!("{}/dcp", bao.address);
    let written = push(&place, &Secret::new(bao.root.clone()), &tables)
        .await
        .unwrap();
    assert_eq!(written.len(), paths.len());
    let again = push(&place, &Secret::new(bao.root.clone()), &tables)
        .await
        .unwrap();
    assert!(
        again.is_empty(),
        "what is there already is not written again: {again:?}"
    );
}

#[tokio::test]
async fn each_reader_gets_what_its_code_reads_and_nothing_else() {
    let Some(bao) = Bao::start("vault: policies").await else {
        return;
    };
    let ids = bao.folder.path().join("ids");
    set_up(&bao, &ids);
    let needs = needs();
    let policies = policies();
    assert_eq!(
        policies,
        needs.keys().cloned().collect(),
        "one policy for each module and node that is hosted"
    );
    let services = policies
        .iter()
        .filter(|name| !name.ends_with("-node"))
        .map(|name| format!("service/{name}"));
    let mut paths: BTreeSet<String> = needs
        .values()
        .flatten()
        .filter(|path| *path != "service/*")
        .cloned()
        .chain(services)
        .collect();
    paths.insert("nobody/reads".to_owned());
    fill(&bao, &paths).await;
    let settings = SecretsSettings {
        role_id: Some("{module}".into()),
        secret_id_file: Some(ids.join("{module}").display().to_string()),
        ..bao.settings()
    };
    let (mut given, mut refused) = (0, 0);
    for (name, own) in &needs {
        let secrets = open(&settings.of_reader(name)).await.unwrap();
        for path in &paths {
            let may =
                own.contains(path) || (path.starts_with("service/") && own.contains("service/*"));
            let read = get(&secrets, path, "key").await;
            assert_eq!(read.is_ok(), may, "{name} reads {path}: {:?}", read.err());
            given += usize::from(may);
            refused += usize::from(!may);
        }
    }
    eprintln!("{given} reads given, {refused} refused");
    assert!(given > 30 && refused > 100);
}

#[tokio::test]
async fn nobody_lists_or_writes_and_a_second_set_up_changes_nothing() {
    let Some(bao) = Bao::start("vault: only reading").await else {
        return;
    };
    let ids = bao.folder.path().join("ids");
    set_up(&bao, &ids);
    let before: BTreeMap<String, String> = needs()
        .into_keys()
        .map(|name| {
            (
                name.clone(),
                std::fs::read_to_string(ids.join(name)).unwrap(),
            )
        })
        .collect();
    set_up(&bao, &ids);
    for (name, id) in before {
        assert_eq!(
            std::fs::read_to_string(ids.join(&name)).unwrap(),
            id,
            "{name}"
        );
        let login = json!({"role_id": name, "secret_id": id.trim()});
        let granted = bao.call(Method::POST, "auth/approle/login", login).await;
        let token = granted["auth"]["client_token"].as_str().unwrap();
        let tries = [
            (Method::GET, "dcp/metadata?list=true", Value::Null),
            (Method::GET, "dcp/metadata/service?list=true", Value::Null),
            (
                Method::POST,
                "dcp/data/identity/public",
                json!({"data": {"key": "forged"}}),
            ),
            (Method::DELETE, "dcp/data/identity/public", Value::Null),
            (Method::DELETE, "dcp/metadata/identity/public", Value::Null),
            (Method::GET, "sys/policies/acl/login", Value::Null),
            (Method::POST, "auth/approle/role/login/secret-id", json!({})),
        ];
        for (method, path, body) in tries {
            let (status, _) = bao.ask(token, method.clone(), path, body).await;
            assert_eq!(status, 403, "{name}: {method} {path}");
        }
    }
}
