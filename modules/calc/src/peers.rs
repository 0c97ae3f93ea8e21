//! Results of other engines: pulled from a peer of the same zone when a call names one that is not kept here.
//!
//! Nobody pushes. What arrives must have the content that its key stands for, and come from this engine's own zone; a draft's result stays
//! one. Its record stays where it was calculated.

use crate::Calc;
use crate::engine::{Failure, Patience};
use crate::keeping::Class;
use crate::keys::content_key;
use crate::record::{JSON, Stored};
use crate::recorder::add_result;
use crate::results::{DRAFT, Found, ZONE};
use bytes::Bytes;
use dcp::Start;
use dcp::model::Zone;
use dcp::secrets::{Held, Secret};
use std::borrow::Cow;
use std::time::Duration;

/// How long one peer may take.
const PEER: Duration = Duration::from_secs(10);

/// The other engines of the zone.
#[derive(Debug)]
pub(crate) struct Peers {
    http: reqwest::Client,
    /// Of their nodes, such as `https://gxp.dublin.example`.
    urls: Vec<String>,
    token: Held,
    zone: Zone,
    longest: usize,
}

/// Why a peer's answer is not taken.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("it does not answer")]
    Silent(#[from] reqwest::Error),
    #[error("it answers {0}")]
    Status(u16),
    #[error("it is not of this zone")]
    Zone,
    #[error("the result is larger than this engine takes")]
    TooLarge,
    #[error("its content has the hash {0}")]
    Altered(String),
}

impl Peers {
    /// Those that the operator names; `None` when there are none.
    pub(crate) async fn open(
        start: &Start,
        settings: &crate::engine::Settings,
    ) -> anyhow::Result<Option<Self>> {
        let urls: Vec<String> = settings.peer_list().map(str::to_owned).collect();
        if urls.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            http: start.http_client()?,
            urls,
            token: start.credential().await?,
            zone: start.zone(),
            longest: settings.result_bytes,
        }))
    }

    async fn ask(&self, url: &str, key: &str) -> Result<Option<Found>, Refused> {
        let url = format!("{}/api/calc/results/{key}", url.trim_end_matches('/'));
        let asked = |token: &Secret<String>| self.http.get(&url).bearer_auth(token.expose()).send();
        let token = self.token.value();
        let mut answer = asked(&token).await?;
        if answer.status() == 401
            && let Some(token) = self.token.instead_of(&token).await
        {
            answer = asked(&token).await?;
        }
        match answer.status().as_u16() {
            200 => {}
            404 | 410 => return Ok(None),
            other => return Err(Refused::Status(other)),
        }
        let says =
            |name: &str, what: &str| answer.headers().get(name).is_some_and(|told| told == what);
        if !says(ZONE, self.zone.as_str()) {
            return Err(Refused::Zone);
        }
        let draft = !says(DRAFT, "false");
        let mut content = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if content.len() + chunk.len() > self.longest {
                return Err(Refused::TooLarge);
            }
            content.extend_from_slice(&chunk);
        }
        let hash = content_key(&content);
        if hash != key {
            return Err(Refused::Altered(hash));
        }
        Ok(Some(Found {
            value: Bytes::from(content),
            media_type: Cow::Borrowed(JSON),
            draft,
        }))
    }
}

impl Calc {
    /// A result that is kept here or at a peer.
    pub(crate) async fn find_or_pull(
        &self,
        key: &str,
        patience: &Patience,
    ) -> Result<Found, Failure> {
        if let Some(found) = self.results.find(key).await? {
            return Ok(found);
        }
        let pulled = tokio::select! {
            pulled = self.pull(key) => pulled?,
            () = tokio::time::sleep_until(patience.deadline.into()) => None,
            () = patience.cancelled.cancelled() => return Err(Failure::Cancelled),
        };
        match pulled {
            Some(found) => Ok(found),
            None => Err(self.results.missing(key).await?),
        }
    }

    async fn pull(&self, key: &str) -> Result<Option<Found>, Failure> {
        let (Some(peers), true) = (&self.peers, is_key(key)) else {
            return Ok(None);
        };
        let mut altered = None;
        for url in &peers.urls {
            let asked = tokio::time::timeout(PEER, peers.ask(url, key)).await;
            match asked.unwrap_or(Err(Refused::Status(504))) {
                Ok(Some(found)) => {
                    self.keep_pulled(key, &found).await?;
                    tracing::info!(
                        result.key = key,
                        peer = url,
                        "a result was pulled from a peer"
                    );
                    return Ok(Some(found));
                }
                Ok(None) => {}
                Err(Refused::Altered(hash)) => {
                    tracing::error!(
                        result.key = key,
                        peer = url,
                        hash,
                        "a peer gave other content than the key stands for"
                    );
                    altered = Some((url.clone(), hash));
                }
                Err(refused) => tracing::warn!(
                    result.key = key,
                    peer = url,
                    error = dcp::chain(&refused),
                    "a result could not be pulled from a peer"
                ),
            }
        }
        match altered {
            Some((peer, hash)) => Err(Failure::Altered {
                key: key.to_owned(),
                peer,
                hash,
            }),
            None => Ok(None),
        }
    }

    async fn keep_pulled(&self, key: &str, found: &Found) -> Result<(), Failure> {
        let stored = Stored {
            key: key.into(),
            content: found.value.clone(),
            media_type: JSON,
        };
        let mut tx = self.store.begin().await?;
        add_result(&mut tx, &stored, found.draft, Class::Ephemeral).await?;
        Ok(tx.commit().await?)
    }
}

/// Only a hash is asked for: a key becomes part of an address.
fn is_key(key: &str) -> bool {
    key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit())
}
