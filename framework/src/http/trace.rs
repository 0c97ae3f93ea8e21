//! W3C trace context: one id follows a piece of work through every module.

use std::fmt::Write as _;

use crate::bus::trace;

/// Ids of the work and of this step of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace: u128,
    span: u64,
}

impl TraceContext {
    /// Starts a new trace.
    pub fn new() -> Self {
        Self {
            trace: rand::random_range(1..=u128::MAX),
            span: rand::random_range(1..=u64::MAX),
        }
    }

    /// Continues the trace of a `traceparent`, as a new step; a malformed one starts a new trace.
    pub fn continuing(traceparent: Option<&str>) -> Self {
        let trace = traceparent.and_then(parse_trace);
        trace.map_or_else(Self::new, |trace| Self {
            trace,
            span: rand::random_range(1..=u64::MAX),
        })
    }

    /// The next step of the trace that the present work belongs to, if it belongs to one.
    pub fn current() -> Option<Self> {
        trace::current().map(|traceparent| Self::continuing(Some(&traceparent)))
    }

    /// Runs a future as a part of this trace.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        trace::within(Some(self.traceparent()), work).await
    }

    /// 32 hexadecimal digits; also the request id.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The header's value for the next hop.
    pub fn traceparent(&self) -> String {
        let mut text = String::with_capacity(55);
        // Writing to a String cannot fail.
        write!(text, "00-{:032x}-{:016x}-01", self.trace, self.span).unwrap_or_default();
        text
    }
}

impl Default for TraceContext {
    fn default() -> Self {
        Self::new()
    }
}

fn parse_trace(text: &str) -> Option<u128> {
    let mut parts = text.split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, length| {
        part.len() == length
            && part
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let fits = hex(version, 2) && version != "ff" && hex(trace, 32) && hex(span, 16);
    u128::from_str_radix(trace, 16)
        .ok()
        .filter(|trace| fits && *trace != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_continued_and_a_malformed_one_is_not() {
        let first = TraceContext::new();
        let next = TraceContext::continuing(Some(&first.traceparent()));
        assert_eq!(first.trace_id(), next.trace_id());
        assert_ne!(first.traceparent(), next.traceparent());
        for wrong in [
            "",
            "00-0-0-0",
            &first.traceparent().to_uppercase(),
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_ne!(
                TraceContext::continuing(Some(wrong)).trace_id(),
                first.trace_id()
            );
        }
    }
}
