//! The other nodes of the platform: what they host, in which state, and the way to them.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hyper::header::{HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};
use serde::Deserialize;
use tokio::sync::broadcast;

use super::portal::PortalModule;
use super::problem::Problem;
use super::proxy;
use crate::node::body::Body;
use crate::node::config::{PeerSection, authority};
use crate::node::module::Change;
use crate::node::pool::Pool;
use crate::node::status::State;

/// Between two looks at a peer: a stop there shows here within this time.
const LOOK: Duration = Duration::from_secs(1);
/// A peer's description of itself.
const PORTAL_BYTES: usize = 1024 * 1024;

/// How a node that looks at its peers names itself.
const NODE_AGENT: HeaderValue = HeaderValue::from_static("dcp-node");

/// Whether a request is a node's regular look at its peer, which no access log needs.
pub(crate) fn is_look(headers: &HeaderMap) -> bool {
    headers.get(USER_AGENT) == Some(&NODE_AGENT)
}

/// One other node.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) pool: Arc<Pool>,
    host: HeaderValue,
    modules: RwLock<Vec<PortalModule>>,
}

/// All other nodes.
#[derive(Debug)]
pub(crate) struct Peers(pub(crate) Vec<Arc<Peer>>);

#[derive(Deserialize)]
struct Portal {
    modules: Vec<PortalModule>,
}

impl Peers {
    pub(crate) fn new(sections: &[PeerSection]) -> anyhow::Result<Self> {
        sections
            .iter()
            .map(|section| Peer::new(section).map(Arc::new))
            .collect::<anyhow::Result<_>>()
            .map(Self)
    }

    /// Everything the peers host.
    pub(crate) fn modules(&self) -> Vec<PortalModule> {
        self.0.iter().flat_map(|peer| peer.known()).collect()
    }

    /// The peer that hosts a module.
    pub(crate) fn host_of(&self, module: &str) -> Option<&Arc<Peer>> {
        self.0.iter().find(|peer| {
            peer.modules
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .any(|known| known.name == module)
        })
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Peer>> {
        self.0.iter().find(|peer| peer.name == name)
    }

    /// Asks the peer that hosts login whose credential this is.
    pub(crate) async fn resolve(&self, mut request: Request<Body>) -> Result<proxy::Raw, Problem> {
        let Some(peer) = self.host_of("login") else {
            return Err(Problem::unavailable(
                "login",
                "no node that hosts login can be reached",
            ));
        };
        request.headers_mut().insert(HOST, peer.host.clone());
        proxy::send_to_peer(&peer.pool, &peer.name, request).await
    }

    /// Keeps what is known of the peers up to date and tells of changes.
    pub(crate) fn watch(&self, changes: &broadcast::Sender<Change>) {
        for peer in &self.0 {
            let (peer, changes) = (Arc::clone(peer), changes.clone());
            tokio::spawn(async move {
                loop {
                    peer.look(&changes).await;
                    tokio::time::sleep(LOOK).await;
                }
            });
        }
    }
}

impl Peer {
    fn new(section: &PeerSection) -> anyhow::Result<Self> {
        let address = authority(&section.url).ok_or_else(|| {
            anyhow::anyhow!(
                "the address of peer {} must be http://host:port, it is {}",
                section.name,
                section.url
            )
        })?;
        Ok(Self {
            name: section.name.clone(),
            pool: Arc::new(Pool::to(address)),
            host: HeaderValue::from_str(address)?,
            modules: RwLock::default(),
        })
    }

    fn known(&self) -> Vec<PortalModule> {
        self.modules
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// GET of a path of the peer, whole.
    pub(crate) async fn get(
        &self,
        path: &'static str,
        bearer: Option<&HeaderValue>,
    ) -> Result<bytes::Bytes, String> {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = Uri::from_static(path);
        request.headers_mut().insert(HOST, self.host.clone());
        request.headers_mut().insert(USER_AGENT, NODE_AGENT);
        if let Some(bearer) = bearer {
            request
                .headers_mut()
                .insert(hyper::header::AUTHORIZATION, bearer.clone());
        }
        let unreachable = |_| format!("the node {} cannot be reached", self.name);
        let answer = proxy::send_to_peer(&self.pool, &self.name, request)
            .await
            .map_err(unreachable)?;
        if !answer.status().is_success() {
            return Err(format!(
                "the node {} answers {}",
                self.name,
                answer.status()
            ));
        }
        proxy::collect(answer, PORTAL_BYTES).await
    }

    async fn look(&self, changes: &broadcast::Sender<Change>) {
        let found = match self.get("/portal.json", None).await {
            Ok(body) => serde_json::from_slice::<Portal>(&body)
                .map(|portal| portal.modules)
                .ok(),
            Err(_) => None,
        };
        let before = self.known();
        // What a silent peer hosted is still there, but nobody can use it.
        let now = found.unwrap_or_else(|| {
            before
                .iter()
                .cloned()
                .map(|module| PortalModule {
                    state: State::Failed,
                    ..module
                })
                .collect()
        });
        // A peer's peers are its own business, and this node's modules come back from there.
        let now: Vec<_> = now
            .into_iter()
            .filter(|module| module.node == self.name)
            .collect();
        for module in now.iter().filter(|module| !before.contains(module)) {
            drop(changes.send(Change {
                module: module.name.clone(),
                node: self.name.clone(),
                state: module.state,
                ui: module.entry.clone(),
            }));
        }
        *self.modules.write().unwrap_or_else(PoisonError::into_inner) = now;
    }
}
