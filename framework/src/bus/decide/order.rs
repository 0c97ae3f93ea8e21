//! Order per key: whether a message may take effect now, decided from what its subscription holds of its key.
//!
//! A message names its predecessor while the publisher cannot be sure that the predecessor has arrived. It waits for it;
//! what follows a waiting, failing or dead message under the same key waits behind it. Other keys are not touched.

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
    /// The message the first one waits for.
    pub(crate) first_awaits: Option<Uuid>,
    /// Position of the first parked message.
    pub(crate) low: Option<i64>,
    /// Position of the last parked message.
    pub(crate) high: Option<i64>,
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
    /// It waits here.
    Wait(Place),
}

/// Where a message waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its position among the messages of its key.
    pub(crate) position: i64,
    /// Whether it is the first of its key and may be tried.
    pub(crate) is_first: bool,
    /// The message it waits for.
    pub(crate) awaits: Option<Uuid>,
}

/// Decides for the message `id` that follows `follows`.
pub(crate) fn admit(state: &KeyState, id: Uuid, follows: Option<Uuid>) -> Admission {
    if state.held {
        return Admission::Held;
    }
    let awaited = state.first_awaits == Some(id);
    if state.blocked || (state.first.is_some() && !awaited) {
        return Admission::Wait(Place {
            position: state.high.map_or(0, |high| high + 1),
            is_first: false,
            awaits: follows,
        });
    }
    if state.ready {
        Admission::Take
    } else {
        Admission::Wait(Place {
            awaits: follows,
            ..in_front(state)
        })
    }
}

/// The place before everything that is parked under the key.
pub(crate) fn in_front(state: &KeyState) -> Place {
    Place {
        position: state.low.map_or(0, |low| low - 1),
        is_first: true,
        awaits: None,
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
    fn a_message_waits_behind_what_is_parked_and_in_front_when_it_is_awaited() {
        let (first, awaited) = (Uuid::from_u128(2), Uuid::from_u128(1));
        let state = KeyState {
            first: Some(first),
            first_awaits: Some(awaited),
            low: Some(4),
            high: Some(6),
            ..open()
        };
        let behind = Place {
            position: 7,
            is_first: false,
            awaits: None,
        };
        assert_eq!(
            admit(&state, Uuid::from_u128(9), None),
            Admission::Wait(behind)
        );
        assert_eq!(admit(&state, awaited, None), Admission::Take);
        let not_ready = KeyState {
            ready: false,
            ..state
        };
        let before = Uuid::from_u128(0);
        let front = Place {
            position: 3,
            is_first: true,
            awaits: Some(before),
        };
        assert_eq!(
            admit(&not_ready, awaited, Some(before)),
            Admission::Wait(front)
        );
    }

    #[test]
    fn a_dead_letter_holds_up_its_key() {
        let blocked = KeyState {
            blocked: true,
            ..open()
        };
        let place = Place {
            position: 0,
            is_first: false,
            awaits: None,
        };
        assert_eq!(
            admit(&blocked, Uuid::from_u128(1), None),
            Admission::Wait(place)
        );
        assert_eq!(admit(&open(), Uuid::from_u128(1), None), Admission::Take);
    }
}
