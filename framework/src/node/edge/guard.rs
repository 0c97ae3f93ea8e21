//! What every answer carries and every request must fulfil: security headers, same-origin rule, no forged identity.

use hyper::header::{self, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, ORIGIN};
use hyper::{HeaderMap, Method};

use super::client::FORWARDED_FOR;
use super::problem::Problem;
use crate::identity::{EDGE_KEY, SESSION_COOKIE};
use crate::node::config::EdgeSection;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// What a caller could use to pass for somebody else or for a request of the edge.
const FORGEABLE: [HeaderName; 7] = [
    header::AUTHORIZATION,
    header::FORWARDED,
    FORWARDED_FOR,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static(EDGE_KEY),
];

/// Takes away what belongs to one connection only.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

/// Takes away what says who is calling; the edge writes its own.
pub(crate) fn strip_identity(headers: &mut HeaderMap) {
    for name in &FORGEABLE {
        headers.remove(name);
    }
}

/// The session of a browser, when it has one.
pub(crate) fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'));
    cookies
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, value)| value)
}

/// A page of another origin must not be able to change anything with the reader's session.
///
/// Callers with an `Authorization` header are programs that chose to send it; browsers attach cookies by themselves.
pub(crate) fn refuse_foreign_pages(
    method: &Method,
    headers: &HeaderMap,
    edge: &EdgeSection,
) -> Result<(), Problem> {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    // A page may open a WebSocket to any origin and read it, with the reader's cookies: so it is no mere reading.
    let upgrades = headers.contains_key(header::UPGRADE);
    if (reads && !upgrades) || headers.contains_key(header::AUTHORIZATION) {
        return Ok(());
    }
    let site = headers
        .get(SEC_FETCH_SITE)
        .and_then(|value| value.to_str().ok());
    let origin = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
    let own = match (site, origin) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == edge.public_url,
        (None, None) => session_cookie(headers).is_none(),
    };
    if !own {
        return Err(Problem::forbidden(
            "a change or a connection with a session must come from a page of the portal itself (Sec-Fetch-Site or Origin does not say so)",
        ));
    }
    let json = headers.get(CONTENT_TYPE).is_none_or(|kind| {
        kind.as_bytes().starts_with(b"application/json")
            || kind.as_bytes().starts_with(b"application/merge-patch+json")
    });
    let empty = headers
        .get(header::CONTENT_LENGTH)
        .is_none_or(|length| length == "0")
        && !headers.contains_key(header::TRANSFER_ENCODING);
    // Forms can be sent across origins without asking; JSON cannot.
    if json && (empty || headers.contains_key(CONTENT_TYPE)) {
        Ok(())
    } else {
        Err(Problem::forbidden(
            "a change with a session must carry Content-Type: application/json",
        ))
    }
}

/// Headers of every answer.
pub(crate) fn secure(headers: &mut HeaderMap) {
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
}

/// Headers of the portal's page. Scripts come as files from this node and its peers; styles of Angular and charts are inline.
pub(crate) fn secure_page(headers: &mut HeaderMap, edge: &EdgeSection) {
    let mut peers = String::new();
    for peer in &edge.peers {
        peers.push(' ');
        peers.push_str(&peer.public_url);
    }
    let policy = format!(
        "default-src 'self'; script-src 'self'{peers}; connect-src 'self'{peers}; style-src 'self' 'unsafe-inline'{peers}; \
         img-src 'self' data: blob:{peers}; font-src 'self' data:{peers}; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        "permissions-policy",
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    );
}

/// Lets the portal of another node load this node's micro-frontends.
pub(crate) fn allow_portal(request: &HeaderMap, answer: &mut HeaderMap, edge: &EdgeSection) {
    answer.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = request.get(ORIGIN) else {
        return;
    };
    let known = [&edge.portal_url, &edge.public_url]
        .into_iter()
        .chain(edge.peers.iter().map(|peer| &peer.public_url));
    if known.into_iter().any(|url| origin == url.as_str()) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge() -> EdgeSection {
        toml::from_str(
            r#"internal = "127.0.0.1:1"
            external = "127.0.0.1:2"
            public_url = "http://localhost:7400"
            portal_url = "http://localhost:7400"
            module_ports = "3-4""#,
        )
        .unwrap()
    }

    fn passes(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        refuse_foreign_pages(&Method::POST, &headers, &edge()).is_ok()
    }

    #[test]
    fn a_foreign_page_changes_nothing() {
        let cookie = ("cookie", "a=b; __Host-dcp-session=secret");
        let json = ("content-type", "application/json");
        let length = ("content-length", "2");
        assert!(passes(&[
            cookie,
            json,
            length,
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(passes(&[
            cookie,
            json,
            length,
            ("origin", "http://localhost:7400")
        ]));
        assert!(passes(&[cookie, ("sec-fetch-site", "same-origin")]));
        for site in ["cross-site", "same-site", "none"] {
            assert!(
                !passes(&[cookie, json, length, ("sec-fetch-site", site)]),
                "{site}"
            );
        }
        assert!(!passes(&[cookie, json, length]));
        assert!(!passes(&[
            cookie,
            json,
            length,
            ("origin", "http://localhost:7410")
        ]));
        assert!(!passes(&[json, length, ("origin", "null")]));
        assert!(!passes(&[
            cookie,
            length,
            ("sec-fetch-site", "same-origin"),
            ("content-type", "text/plain")
        ]));
        assert!(!passes(&[
            cookie,
            length,
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(passes(&[
            ("authorization", "Bearer dcp_x"),
            ("content-type", "application/x-www-form-urlencoded"),
            length
        ]));
        assert!(
            passes(&[json, length]),
            "a program without a session may log in"
        );
    }

    #[test]
    fn a_caller_cannot_say_who_he_is() {
        let mut headers = HeaderMap::new();
        for name in [
            "authorization",
            "dcp-edge-key",
            "x-forwarded-for",
            "x-secret",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        headers.insert(
            header::CONNECTION,
            HeaderValue::from_static("close, X-Secret"),
        );
        strip_hop_by_hop(&mut headers);
        strip_identity(&mut headers);
        assert!(headers.is_empty(), "{headers:?}");
    }
}
