//! From where a request comes, as the edge says.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

/// The client's address. The edge sets `X-Forwarded-For` itself and drops what the client claims.
#[derive(Debug, Clone)]
pub(crate) struct ClientAddress(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let forwarded = parts
            .headers
            .get("x-forwarded-for")
            .and_then(|value| value.to_str().ok());
        let last = forwarded
            .and_then(|list| list.rsplit(',').next())
            .and_then(|text| text.trim().parse::<std::net::IpAddr>().ok());
        let peer = || {
            parts
                .extensions
                .get::<ConnectInfo<SocketAddr>>()
                .map(|peer| peer.0.ip())
        };
        Ok(Self(last.or_else(peer).map_or_else(
            || "unknown".into(),
            |address| address.to_string(),
        )))
    }
}
