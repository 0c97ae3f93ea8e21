//! Hands the messages of the file to the subscriptions of this process and writes their verdicts back.

use std::collections::HashMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, oneshot};

use super::sign::Sign;
use super::turn::{Row, Settlement, Taken, Turn};
use super::wake::{Bell, Wake, Woken};
use crate::bus::{Delivered, Envelope, Undecodable, Verdict, pause};
use crate::clock::Timestamp;
use crate::limits::{LOCAL_BURST, LOCAL_GATHER, LOCAL_POLL};
use crate::params;
use crate::store::{Store, StoreError};

/// What the bus tells its dispatcher.
#[derive(Debug)]
pub(super) enum Command {
    Subscribe {
        queue: String,
        prefetch: usize,
        sender: mpsc::Sender<Delivered>,
    },
    Close(oneshot::Sender<()>),
}

pub(super) struct Dispatcher {
    store: Store,
    wake: Wake,
    /// Rung when others may take what this process held.
    bell: Arc<Bell>,
    /// Proves to the others that this process lives.
    sign: Sign,
    owner: String,
    lease: Duration,
    subscribers: HashMap<String, Subscriber>,
    /// Verdicts to come, one for each message handed out.
    working: FuturesUnordered<Pending>,
    /// Verdicts that came and are not written yet.
    judged: Vec<Judged>,
    renew_at: Timestamp,
    /// Up to when its looks are paid for, where each bell costs [`LOCAL_GATHER`].
    rung_until: Instant,
    failures: u32,
}

struct Subscriber {
    sender: mpsc::Sender<Delivered>,
    prefetch: usize,
    held: usize,
}

/// A message that was handed out.
struct Pending {
    queue: String,
    seq: i64,
    judged: oneshot::Receiver<Verdict>,
}

impl Future for Pending {
    type Output = Judged;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Judged> {
        let verdict = ready!(self.judged.poll_unpin(context)).ok();
        Poll::Ready(Judged {
            queue: std::mem::take(&mut self.queue),
            seq: self.seq,
            verdict,
        })
    }
}

/// A message and its verdict; none gives it back.
struct Judged {
    queue: String,
    seq: i64,
    verdict: Option<Verdict>,
}

impl Judged {
    fn settlement(&self, owner: &str, now: Timestamp) -> Result<Settlement, StoreError> {
        Ok(match &self.verdict {
            Some(Verdict::Done) => ("bus_done", params![self.seq, owner]),
            Some(Verdict::Retry(envelope, after)) => {
                let text = serde_json::to_string(envelope)
                    .map_err(|error| StoreError::Decode(error.to_string()))?;
                let then = now.checked_add(*after).unwrap_or(now);
                ("bus_retry", params![self.seq, owner, text, then])
            }
            None => ("bus_give_back", params![self.seq, owner]),
        })
    }
}

impl Dispatcher {
    pub(super) fn new(
        store: Store,
        file: &Path,
        bell: Arc<Bell>,
        lease: Duration,
    ) -> std::io::Result<Self> {
        let wake = Wake::on(file)?;
        let owner = store.ids().next().to_string();
        let sign = Sign::put_up(file, &owner)?;
        let renew_at = store.clock().now();
        Ok(Self {
            store,
            wake,
            bell,
            sign,
            owner,
            lease,
            subscribers: HashMap::new(),
            working: FuturesUnordered::new(),
            judged: Vec::new(),
            renew_at,
            rung_until: Instant::now(),
            failures: 0,
        })
    }

    /// Works until it is closed or the bus is dropped.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut pause = Duration::ZERO;
        self.inherit().await;
        let closed = loop {
            let clock = self.store.clock().clone();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Subscribe { queue, prefetch, sender }) => {
                        self.subscribers.insert(queue, Subscriber { sender, prefetch, held: 0 });
                    }
                    Some(Command::Close(done)) => break Some(done),
                    None => break None,
                },
                Some(judged) = self.working.next() => self.judged.push(judged),
                woken = self.wake.woken() => if let Err(error) = self.gather(woken).await {
                    tracing::error!(%error, "the local bus is no longer woken by other processes");
                    clock.sleep(LOCAL_POLL).await;
                },
                () = clock.sleep(pause) => {}
            }
            while let Some(Some(judged)) = self.working.next().now_or_never() {
                self.judged.push(judged);
            }
            pause = self.turn_or_wait().await;
        };
        self.give_back().await;
        if let Some(done) = closed {
            // Whoever closes may not wait for it.
            done.send(()).ok();
        }
    }

    /// Waits until there is something to see: at once when the bell rings; when it rings again and again, several rings gather.
    async fn gather(&mut self, mut woken: std::io::Result<Woken>) -> std::io::Result<()> {
        let mut gathered = self.store.clock().sleep(LOCAL_GATHER);
        loop {
            match woken? {
                Woken::Rung if self.rung_until < Instant::now() + LOCAL_BURST => break,
                Woken::Rung => {}
                Woken::SignGone => {
                    self.inherit().await;
                    return Ok(());
                }
            }
            tokio::select! {
                next = self.wake.woken() => woken = next,
                () = &mut gathered => break,
            }
        }
        self.rung_until = self.rung_until.max(Instant::now()) + LOCAL_GATHER;
        Ok(())
    }

    /// Takes over from processes that died: their messages need not wait for the end of the lease.
    async fn inherit(&self) {
        for dead in self.sign.dead() {
            match self.store.write("bus_inherit", params![&dead.owner]).await {
                Ok(rows) if rows.affected() > 0 => {
                    tracing::info!(
                        messages = rows.affected(),
                        "messages of a process that died are handed out again"
                    );
                    dead.remove();
                    self.bell.ring();
                }
                Ok(_) => dead.remove(),
                Err(error) => {
                    tracing::warn!(%error, "messages of a process that died wait for the end of their lease");
                }
            }
        }
    }

    async fn turn_or_wait(&mut self) -> Duration {
        match self.turn().await {
            Ok(pause) => {
                self.failures = 0;
                pause
            }
            Err(error) => {
                self.failures += 1;
                tracing::warn!(%error, failures = self.failures, "the local bus waits");
                pause::in_outage(self.failures)
            }
        }
    }

    /// Writes verdicts, renews leases, takes what is due; says when to look again.
    async fn turn(&mut self) -> Result<Duration, StoreError> {
        self.subscribers.retain(|_, one| !one.sender.is_closed());
        let now = self.store.clock().now();
        let renew = self.held() > 0 && now >= self.renew_at;
        let turn = Turn {
            room: self.room(),
            judged: self.settlements()?,
            renew,
            owner: self.owner.clone(),
            now,
            lease_until: now.checked_add(self.lease).unwrap_or(now),
        };
        let Taken { rows, next_at } = self.store.directly(move |bus| turn.take(bus)).await?;
        if renew {
            self.renew_at = now.checked_add(self.lease / 3).unwrap_or(now);
        }
        let mut judged = self.judged.iter();
        let went_back = judged.any(|one| !matches!(one.verdict, Some(Verdict::Done)));
        if went_back {
            self.bell.ring();
        }
        self.free();
        let pause = self.pause(now, next_at);
        let any = rows.iter().any(|(_, rows)| !rows.is_empty());
        for (queue, rows) in rows {
            self.hand_out(&queue, rows);
        }
        // Something was there or went back: look once more, at once.
        Ok(if any || went_back {
            Duration::ZERO
        } else {
            pause
        })
    }

    /// How many messages each queue may bring: the verdicts that are written meanwhile make room.
    fn room(&self) -> HashMap<String, usize> {
        let mut room = HashMap::new();
        for (queue, one) in &self.subscribers {
            let freed = self.judged.iter().filter(|judged| judged.queue == *queue);
            let free = (one.prefetch + freed.count()).saturating_sub(one.held);
            if free > 0 {
                room.insert(queue.clone(), free);
            }
        }
        room
    }

    fn settlements(&self) -> Result<Vec<Settlement>, StoreError> {
        let now = self.store.clock().now();
        let judged = self.judged.iter();
        judged.map(|one| one.settlement(&self.owner, now)).collect()
    }

    fn pause(&self, now: Timestamp, next_at: Option<Timestamp>) -> Duration {
        let longest = if self.held() > 0 {
            self.lease / 3
        } else {
            LOCAL_POLL
        };
        let next = next_at.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or(longest));
        longest.min(next.unwrap_or(longest)) + Duration::from_millis(1)
    }

    /// Makes room for what has its verdict written.
    fn free(&mut self) {
        for judged in self.judged.drain(..) {
            if let Some(one) = self.subscribers.get_mut(&judged.queue) {
                one.held = one.held.saturating_sub(1);
            }
        }
    }

    fn held(&self) -> usize {
        self.working.len() + self.judged.len()
    }

    fn hand_out(&mut self, queue: &str, rows: Vec<Row>) {
        let Some(one) = self.subscribers.get_mut(queue) else {
            return;
        };
        for row in rows {
            let (verdict, judged) = oneshot::channel();
            let message =
                serde_json::from_str::<Envelope>(&row.envelope).map_err(|error| Undecodable {
                    reason: error.to_string(),
                    text: row.envelope,
                });
            // A subscription that has just gone drops the message, which gives it back.
            drop(one.sender.try_send(Delivered {
                message,
                deliveries: row.deliveries,
                verdict,
            }));
            one.held += 1;
            let (queue, seq) = (queue.to_owned(), row.seq);
            self.working.push(Pending { queue, seq, judged });
        }
    }

    /// Writes the verdicts that are there and gives the rest back.
    async fn give_back(&mut self) {
        self.subscribers.clear();
        while let Some(Some(judged)) = self.working.next().now_or_never() {
            self.judged.push(judged);
        }
        let done = async {
            let mut calls = self.settlements()?;
            calls.push(("bus_give_back_all", params![&self.owner]));
            self.store.write_all(calls).await
        };
        match done.await {
            Ok(_) => self.bell.ring(),
            Err(error) => {
                tracing::warn!(%error, "messages come again when their lease ends");
            }
        }
        self.sign.take_down();
    }
}
