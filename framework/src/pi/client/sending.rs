//! How a request comes to its answer: a free place, a time limit, credentials that are renewed once, repetitions within a budget.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::tls::TlsInfo;
use reqwest::{Request, RequestBuilder};

use super::{End, Inner, PiClient};
use crate::clock::{Clock, SystemClock};
use crate::pi::PiError;
use crate::pi::body::{self, Reader};
use crate::pi::refusal::refused;
use crate::telemetry::{Span, SpanKind};
use crate::{limits, tls};

impl PiClient {
    /// Sends until it succeeds, fails for good, or attempts or the server's budget of repetitions are used up.
    pub(super) async fn patiently<T>(
        &self,
        what: &str,
        build: impl Fn() -> RequestBuilder,
        read: Reader<T>,
    ) -> Result<T, PiError> {
        let Inner {
            access,
            server,
            source,
            ..
        } = self.inner.as_ref();
        server.ask()?;
        let (mut attempt, mut renewed, mut before) = (1, false, None);
        loop {
            let header = self.in_time(access.header()).await?;
            let error = match self
                .once(what, build(), read, header.clone(), attempt)
                .await
            {
                Ok(answer) => return Ok(answer),
                // Others have found out meanwhile that the server is away: the own failure says more.
                Err(PiError::Resting(rest)) => {
                    return Err(before.unwrap_or(PiError::Resting(rest)));
                }
                Err(error) => error,
            };
            if matches!(error, PiError::Unauthorized)
                && !std::mem::replace(&mut renewed, true)
                && self.renew(header.as_ref()).await
            {
                continue;
            }
            if !is_repeated(&error) || attempt >= limits::PI_ATTEMPTS || !server.may_repeat() {
                return Err(error);
            }
            tracing::debug!(source = source.id, attempt, %error, "PI request is repeated");
            let rested = async {
                SystemClock.sleep(pause(attempt)).await;
                Ok(())
            };
            self.in_time(rested).await?;
            attempt += 1;
            before = Some(error);
        }
    }

    pub(super) async fn in_time<T>(
        &self,
        attempt: impl Future<Output = Result<T, PiError>>,
    ) -> Result<T, PiError> {
        match self.end {
            Some(End { at, patience }) => tokio::time::timeout_at(at.into(), attempt)
                .await
                .unwrap_or(Err(PiError::Slow(patience))),
            None => attempt.await,
        }
    }

    async fn once<T>(
        &self,
        what: &str,
        request: RequestBuilder,
        read: Reader<T>,
        authorization: Option<HeaderValue>,
        attempt: u32,
    ) -> Result<T, PiError> {
        let server = &self.inner.server;
        // The places are never closed.
        let place = async {
            let place = server.places.acquire().await;
            place.map_err(|_| PiError::Slow(limits::PI_REQUEST))
        };
        let _place = self.in_time(place).await?;
        let admission = server.admit()?;
        let request = match authorization {
            Some(header) => request.header(AUTHORIZATION, header),
            None => request,
        };
        let outcome = self
            .in_time(self.exchange(what, request, read, attempt))
            .await;
        admission.settle(&outcome);
        outcome
    }

    async fn exchange<T>(
        &self,
        what: &str,
        request: RequestBuilder,
        read: Reader<T>,
        attempt: u32,
    ) -> Result<T, PiError> {
        let (http, request) = request.build_split();
        let request = request.map_err(|error| self.unsent(error))?;
        let mut span = asking(&request, attempt);
        let response = http.execute(request).await;
        let response = response.inspect_err(|_| span.fail("unavailable"));
        let response = response.map_err(|error| self.unsent(error))?;
        let session = response.extensions().get::<TlsInfo>();
        if let Some(certificate) = session.and_then(TlsInfo::peer_certificate) {
            self.inner.server.show(certificate);
        }
        let status = response.status();
        span.asked(status);
        if status.is_success() {
            read(response, what.to_owned()).await
        } else {
            Err(refused(status, &body::body(response, what).await?, what))
        }
    }

    /// Why a request did not reach the server, as far as the failure of the socket tells.
    fn unsent(&self, error: reqwest::Error) -> PiError {
        if error.is_timeout() {
            return PiError::Slow(limits::PI_REQUEST);
        }
        match of_tls(&error) {
            Some(problem) => self.mistrusted(problem),
            None => PiError::Down(error),
        }
    }
}

/// A server that needs longer than the time limit will need as long again.
fn is_repeated(error: &PiError) -> bool {
    error.is_passing() && !matches!(error, PiError::Slow(_))
}

/// The failure of TLS at the bottom of a failure, if that is what it is.
fn of_tls(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        if let Some(error) = error.downcast_ref::<io::Error>().and_then(tls::failure) {
            return Some(error);
        }
        cause = error.source();
    }
    None
}

/// A request as a step of the present trace. What it asks for stands in the query, which stays out of traces.
fn asking(request: &Request, attempt: u32) -> Span {
    let mut span = Span::within(SpanKind::Client, || format!("{} PI", request.method()));
    if span.is_recorded() {
        let host = request.url().host_str().unwrap_or_default();
        span.set("http.request.method", request.method().to_string());
        span.set("server.address", host.to_owned());
        span.set("http.request.resend_count", attempt - 1);
    }
    span
}

/// Doubles with every attempt, between half and all of it at random, so that readers do not return together.
pub(in crate::pi) fn pause(attempt: u32) -> Duration {
    limits::PI_PAUSE
        .saturating_mul(1 << attempt.min(6))
        .mul_f64(rand::random_range(0.5..1.0))
}
