//! Dead letters: messages that no reaction could take, kept with the reason until somebody decides.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Destination, Envelope};
use crate::clock::Timestamp;
use crate::params;
use crate::store::{Store, StoreError};

/// A parked message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The queue in which it came.
    pub subscriber: String,
    /// Its id.
    pub message_id: Uuid,
    /// The message as it came; anything, if it was no message.
    pub envelope: String,
    /// Why it was parked.
    pub reason: String,
    /// How often a reaction had failed.
    pub attempts: u32,
    /// When it was parked.
    pub at: Timestamp,
}

/// The oldest dead letters of a module, of one queue or all.
pub async fn dead_letters(
    store: &Store,
    queue: Option<&str>,
    count: usize,
) -> Result<Vec<DeadLetter>, StoreError> {
    store
        .read("dcp_dead_letters", params![queue, count])
        .await?
        .all()
}

/// Sends a dead letter once more to the queue in which it came, with the same id; the log says who and why.
pub async fn replay(
    store: &Store,
    letter: &DeadLetter,
    by: &str,
    why: &str,
) -> Result<(), StoreError> {
    let envelope: Envelope = serde_json::from_str(&letter.envelope).map_err(|error| {
        StoreError::Decode(format!(
            "it is no message and cannot be sent again: {error}"
        ))
    })?;
    let mut tx = store.begin().await?;
    tx.call(
        "dcp_dead_letter_remove",
        params![&letter.subscriber, letter.message_id],
    )
    .await?;
    let to = Destination::Queue(letter.subscriber.clone());
    tx.send_envelope(
        &to,
        &Envelope {
            attempts: 0,
            ..envelope
        },
    )
    .await?;
    tx.commit().await?;
    tracing::info!(message.id = %letter.message_id, queue = letter.subscriber, by, why, "a dead letter is sent again");
    Ok(())
}
