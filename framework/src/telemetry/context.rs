//! W3C trace context: one id follows a piece of work through every module.

use std::fmt::Write as _;

use super::tracer;

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// Ids of the work and of the step of it that the next ones belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) sampled: bool,
}

impl TraceContext {
    /// Starts a new trace; whether it is recorded is decided here, for all its steps.
    pub fn new() -> Self {
        let trace = rand::random_range(1..=u128::MAX);
        Self {
            trace,
            span: rand::random_range(1..=u64::MAX),
            sampled: tracer().is_some_and(|tracer| tracer.takes(trace)),
        }
    }

    /// What the value of a header `traceparent` says; none if it is malformed.
    pub fn read(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
        let flags = parts.next()?.get(..2)?;
        if version == "ff" || number(version, 2).is_none() {
            return None;
        }
        Some(Self {
            trace: number(trace, 32).filter(|trace| *trace != 0)?,
            span: number(span, 16)
                .and_then(|span| u64::try_from(span).ok())
                .filter(|span| *span != 0)?,
            sampled: number(flags, 2)? & 1 == 1,
        })
    }

    /// The trace that the present work belongs to, if it belongs to one.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|current| *current).ok()
    }

    /// Runs a future as a part of this trace.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// A new step of the same trace.
    pub(super) fn next(self) -> Self {
        Self {
            span: rand::random_range(1..=u64::MAX),
            ..self
        }
    }

    /// 32 hexadecimal digits; also the request id.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The header's value for the next hop.
    pub fn traceparent(&self) -> String {
        let mut text = String::with_capacity(55);
        let (trace, span, flags) = (self.trace, self.span, u8::from(self.sampled));
        // Writing to a String cannot fail.
        write!(text, "00-{trace:032x}-{span:016x}-{flags:02x}").unwrap_or_default();
        text
    }
}

impl Default for TraceContext {
    fn default() -> Self {
        Self::new()
    }
}

/// The same work as a part of the present trace, for a task of its own.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let current = TraceContext::current();
    async move {
        match current {
            Some(current) => current.scope(work).await,
            None => work.await,
        }
    }
}

/// Lower-case hexadecimal digits, as many as there must be.
fn number(digits: &str, length: usize) -> Option<u128> {
    let fits = digits.len() == length
        && digits
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    u128::from_str_radix(digits, 16).ok().filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written_and_a_malformed_one_is_not() {
        for sampled in [true, false] {
            let context = TraceContext {
                sampled,
                ..TraceContext::new()
            };
            assert_eq!(TraceContext::read(&context.traceparent()), Some(context));
        }
        let upper = TraceContext::new().traceparent().to_uppercase();
        for wrong in [
            "",
            "00-0-0-0",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            &upper[..4],
        ] {
            assert_eq!(TraceContext::read(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_task_of_its_own_stays_in_the_trace() {
        let context = TraceContext::new();
        let found = context
            .scope(async {
                let carried = carried(async { TraceContext::current() });
                tokio::task::JoinSet::from_iter([carried]).join_all().await
            })
            .await;
        assert_eq!(found, [Some(context)]);
        assert_eq!(TraceContext::current(), None);
    }
}
