//! `/asyncapi.json`: what the deployed modules of the platform tell and ask each other, for everybody who is signed in.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Request, Response};

use super::Edge;
use super::operate::json_answer;
use super::problem::Problem;
use super::session::Identity;
use crate::contracts::all;
use crate::contracts::asyncapi::{Deployed, document};
use crate::node::body::Body;

/// Where a node tells its peers what it has deployed.
const OF_PEER: &str = "/api/node/contracts";

impl Edge {
    /// The document of this node's modules and, on the portal's node, of its peers'; outside only of what manifests expose.
    pub(super) async fn asyncapi(
        &self,
        inside: bool,
        request: &Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        let identity = self.signed_in(request).await?;
        let mut deployed = self.deployed();
        let mut missing = Vec::new();
        if !inside {
            deployed.retain(|module| self.is_exposed(&module.wiring.module));
        } else if self.config.is_portal() {
            missing = self.add_peers(&identity, &mut deployed).await;
        }
        let mut document = document(&all(), &deployed);
        document["info"]["x-dcp-missing"] = missing.into();
        Ok(json_answer(&document))
    }

    /// What is deployed here, for the portal's node.
    pub(super) async fn contracts(
        &self,
        request: &Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        self.signed_in(request).await?;
        Ok(json_answer(&self.deployed()))
    }

    async fn signed_in(&self, request: &Request<Incoming>) -> Result<Arc<Identity>, Problem> {
        let identity = self
            .sessions
            .identify(request.headers(), &self.supervisor, &self.peers)
            .await?;
        identity.ok_or_else(|| Problem::unauthorized("this needs a session or a token"))
    }

    fn deployed(&self) -> Vec<Deployed> {
        let modules = self.supervisor.modules.values();
        modules
            .filter_map(|module| module.manifest())
            .map(|manifest| Deployed::of(&manifest, Some(&self.config.node.name), self.zone))
            .collect()
    }

    /// Adds what the peers have deployed; answers with the names of those that do not say it.
    async fn add_peers(&self, identity: &Identity, deployed: &mut Vec<Deployed>) -> Vec<String> {
        let mut missing = Vec::new();
        for peer in &self.peers.0 {
            let told = peer.get(OF_PEER, Some(&identity.bearer)).await;
            let read = told.and_then(|body| {
                serde_json::from_slice::<Vec<Deployed>>(&body).map_err(|error| error.to_string())
            });
            match read {
                Ok(modules) => deployed.extend(modules),
                Err(problem) => {
                    tracing::warn!(
                        peer = peer.name,
                        problem,
                        "a peer does not say what its modules tell and ask"
                    );
                    missing.push(peer.name.clone());
                }
            }
        }
        missing
    }
}
