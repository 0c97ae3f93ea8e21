//! What a reaction says when it does not succeed.

use super::BusError;
use super::decide::Failure;
use crate::causes::causes;
use crate::store::StoreError;

/// Why it did not succeed.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A reaction that did not succeed: its transaction is undone either way.
#[derive(Debug)]
pub enum Reaction {
    /// It can succeed later: tried again, with growing pauses, and parked after the last attempt.
    Later(Cause),
    /// It can never succeed: parked at once among the dead letters.
    Never(Cause),
}

/// Something a reaction needs is away for everybody. As the cause of [`Reaction::Later`] it counts no attempt: the message is
/// held until the thing is back.
#[derive(Debug, thiserror::Error)]
#[error("{what} is away")]
pub struct Away {
    /// What is needed, in the words of an operator.
    pub what: String,
    /// How that shows.
    #[source]
    pub cause: Cause,
}

impl Reaction {
    /// Try again later, because of `cause`.
    pub fn later(cause: impl Into<Cause>) -> Self {
        Self::Later(cause.into())
    }

    /// Never try again, because of `cause`.
    pub fn never(cause: impl Into<Cause>) -> Self {
        Self::Never(cause.into())
    }

    /// Why.
    pub fn cause(&self) -> &(dyn std::error::Error + 'static) {
        match self {
            Self::Later(cause) | Self::Never(cause) => &**cause,
        }
    }

    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Never(_) => Failure::Never,
            Self::Later(cause) if is_away(&**cause) => Failure::Away,
            Self::Later(_) => Failure::Later,
        }
    }
}

/// An error passed on with `?` is tried again.
impl<E: std::error::Error + Send + Sync + 'static> From<E> for Reaction {
    fn from(cause: E) -> Self {
        Self::Later(Box::new(cause))
    }
}

fn is_away(cause: &(dyn std::error::Error + 'static)) -> bool {
    causes(cause).any(|cause| {
        cause.is::<Away>()
            || cause
                .downcast_ref::<StoreError>()
                .is_some_and(StoreError::is_transient)
            || matches!(
                cause.downcast_ref::<BusError>(),
                Some(BusError::Unavailable(_))
            )
    })
}
