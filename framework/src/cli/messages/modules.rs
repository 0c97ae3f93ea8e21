//! The modules whose messages are asked for, through the portal.

use anyhow::{bail, ensure};
use reqwest::RequestBuilder;
use serde_json::Value;

use crate::home::portal_url;
use crate::portal::{client, read, token};

/// A module on a node.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) module: String,
    pub(super) node: String,
    client: reqwest::Client,
    token: String,
}

/// Every module, or those that are named; an unknown name is refused.
pub(super) async fn places(module: Option<&str>, node: Option<&str>) -> anyhow::Result<Vec<Place>> {
    let (client, token) = (client()?, token()?);
    let url = format!("{}/api/node/modules", portal_url());
    let all = read(client.get(url).bearer_auth(&token).send().await).await?;
    let mut found: Vec<Place> = all
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| Place {
            module: one["module"].as_str().unwrap_or_default().to_owned(),
            node: one["node"].as_str().unwrap_or_default().to_owned(),
            client: client.clone(),
            token: token.clone(),
        })
        .collect();
    found.retain(|place| {
        module.is_none_or(|name| name == place.module) && node.is_none_or(|name| name == place.node)
    });
    if found.is_empty() {
        match (module, node) {
            (Some(module), None) => bail!("no node hosts a module `{module}`"),
            (None, Some(node)) => bail!("there is no node `{node}`, or it hosts nothing"),
            (Some(module), Some(node)) => bail!("the node {node} hosts no module `{module}`"),
            (None, None) => bail!("no node hosts a module"),
        }
    }
    Ok(found)
}

impl Place {
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Value> {
        let request = self.client.get(self.url(path)).query(query);
        read(self.signed(request).send().await).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.client.post(self.url(path)).json(body);
        read(self.signed(request).send().await).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/{}/{path}", portal_url(), self.module)
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .bearer_auth(&self.token)
            .header("dcp-node", &self.node)
    }
}

/// Says what could not be reached after everything else is shown.
pub(super) fn all_reached(failed: &[String]) -> anyhow::Result<()> {
    ensure!(
        failed.is_empty(),
        "{} not asked:\n  {}",
        if failed.len() == 1 {
            "one module was".to_owned()
        } else {
            format!("{} modules were", failed.len())
        },
        failed.join("\n  ")
    );
    Ok(())
}
