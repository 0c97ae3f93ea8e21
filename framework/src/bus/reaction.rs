//! What a reaction says when it does not succeed.

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

impl Reaction {
    /// Try again later, because of `cause`.
    pub fn later(cause: impl Into<Cause>) -> Self {
        Self::Later(cause.into())
    }

    /// Never try again, because of `cause`.
    pub fn never(cause: impl Into<Cause>) -> Self {
        Self::Never(cause.into())
    }
}

/// An error passed on with `?` is tried again.
impl<E: std::error::Error + Send + Sync + 'static> From<E> for Reaction {
    fn from(cause: E) -> Self {
        Self::Later(Box::new(cause))
    }
}
