//! One look of the dispatcher into the file, in one piece on the thread that writes there.

use std::collections::HashMap;

use serde::Deserialize;

use crate::clock::Timestamp;
use crate::params;
use crate::store::{Direct, StoreError, Value};

/// A verdict on its way into the file.
pub(super) type Settlement = (&'static str, Vec<Value>);

/// One look into the file and what it is to change there.
pub(super) struct Turn {
    pub(super) room: HashMap<String, usize>,
    pub(super) judged: Vec<Settlement>,
    pub(super) renew: bool,
    pub(super) owner: String,
    pub(super) now: Timestamp,
    pub(super) lease_until: Timestamp,
}

/// What a turn has brought, and when a message becomes due that is not yet.
pub(super) struct Taken {
    pub(super) rows: Vec<(String, Vec<Row>)>,
    pub(super) next_at: Option<Timestamp>,
}

/// Queues, and how many of their messages there is room for.
type Due = Vec<(String, usize)>;

impl Turn {
    /// Others wait for no turn that changes nothing.
    pub(super) fn take(mut self, bus: &Direct<'_>) -> Result<Taken, StoreError> {
        let (due, next_at) = self.due(bus)?;
        if due.is_empty() && self.judged.is_empty() && !self.renew {
            return Ok(Taken {
                rows: Vec::new(),
                next_at,
            });
        }
        let rows = bus.tx(|tx| {
            for (procedure, values) in self.judged.drain(..) {
                tx.call(procedure, &values)?;
            }
            if self.renew {
                tx.call("bus_renew", &params![&self.owner, self.lease_until])?;
            }
            due.into_iter()
                .map(|(queue, count)| {
                    let values = params![&queue, count, self.now, &self.owner, self.lease_until];
                    let mut rows: Vec<Row> = tx.call("bus_take", &values)?.all()?;
                    rows.sort_by_key(|row| row.seq);
                    Ok((queue, rows))
                })
                .collect::<Result<_, StoreError>>()
        })?;
        Ok(Taken { rows, next_at })
    }

    /// The queues with due messages and room for them, and when the next message of one of the others is due.
    fn due(&self, bus: &Direct<'_>) -> Result<(Due, Option<Timestamp>), StoreError> {
        if self.room.is_empty() {
            return Ok((Vec::new(), None));
        }
        let queues: Vec<&String> = self.room.keys().collect();
        let queues = serde_json::to_string(&queues)
            .map_err(|error| StoreError::Decode(error.to_string()))?;
        let found: Vec<Next> = bus.call("bus_due", &params![queues])?.all()?;
        let mut due = Vec::new();
        let mut later = Vec::new();
        for Next { queue, next_at } in found {
            match next_at {
                Some(at) if at <= self.now => {
                    let room = self.room.get(&queue).copied().unwrap_or(0);
                    due.push((queue, room));
                }
                at => later.extend(at),
            }
        }
        Ok((due, later.into_iter().min()))
    }
}

#[derive(Debug, Deserialize)]
struct Next {
    queue: String,
    next_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) envelope: String,
    pub(super) deliveries: u32,
}
