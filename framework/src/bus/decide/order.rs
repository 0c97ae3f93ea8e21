//! Order per key: whether a message may take effect now, decided from what its subscription holds of its key.
//!
//! A message carries its place in the outbox of its publisher, and names its predecessor while the publisher cannot be sure that
//! the predecessor has arrived. It waits for it; what comes after a waiting, failing or dead message of the same key waits
//! behind it. Other keys are not touched.

use serde::Deserialize;
use uuid::Uuid;

/// What a subscription holds of a key, seen from one message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct KeyState {
    /// This message is parked or a dead letter already.
    pub(crate) held: bool,
    /// A dead letter of this key waits for a decision.
    pub(crate) blocked: bool,
    /// The first parked message of the key.
    pub(crate) first: Option<Uuid>,
    /// Its place in the outbox of its publisher.
    pub(crate) first_at: Option<i64>,
    /// The message that this one follows is recorded, or it follows none.
    pub(crate) ready: bool,
}

/// Whether a message may take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Nothing stands before it.
    Take,
    /// It is held already: this copy is forgotten.
    Held,
    /// It is parked. The first of its key is tried when its predecessor has come, the others when it is their turn.
    Wait {
        /// Whether it is the first of its key.
        is_first: bool,
    },
}

/// Decides for a message at `seq` of its publisher's outbox.
pub(crate) fn admit(state: &KeyState, seq: i64) -> Admission {
    if state.held {
        return Admission::Held;
    }
    let is_first = !state.blocked && state.first_at.is_none_or(|first| seq < first);
    if is_first && state.ready {
        Admission::Take
    } else {
        Admission::Wait { is_first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> KeyState {
        KeyState {
            ready: true,
            ..KeyState::default()
        }
    }

    #[test]
    fn a_message_goes_before_what_is_parked_only_if_it_was_sent_before() {
        let state = KeyState {
            first: Some(Uuid::from_u128(2)),
            first_at: Some(4),
            ..open()
        };
        assert_eq!(admit(&state, 7), Admission::Wait { is_first: false });
        assert_eq!(admit(&state, 3), Admission::Take);
        let early = KeyState {
            ready: false,
            ..state
        };
        assert_eq!(admit(&early, 3), Admission::Wait { is_first: true });
    }

    #[test]
    fn a_dead_letter_holds_up_its_key() {
        let blocked = KeyState {
            blocked: true,
            ..open()
        };
        assert_eq!(admit(&blocked, 1), Admission::Wait { is_first: false });
        assert_eq!(admit(&open(), 1), Admission::Take);
    }
}
