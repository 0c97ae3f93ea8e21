//! Values as they come: over a channel where the server has one, else by asking for updates, else by reading again and again.
//!
//! Whichever way they come, none is lost and none told twice, also over a break: after it, what was recorded meanwhile is read from
//! a little before the last known value of each tag on, and what is known by time and value is left out. What that cannot find:
//! values that arrive during the break with times further back than [`limits::PI_LIVE_OVERLAP`] before the last known one.

mod channel;
mod seen;
mod updates;

use std::collections::VecDeque;
use std::time::Instant;

use futures_util::stream::{self, Stream};
use jiff::Timestamp;
use serde::Serialize;

use self::channel::Channel;
use self::seen::Seen;
use self::updates::Updates;
use super::client::pause;
use super::series::Series;
use super::time::Micros;
use super::{PiClient, PiError};
use crate::clock::{Clock, SystemClock};
use crate::limits;

/// How live values come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveWay {
    /// The server sends them over a WebSocket.
    Channel,
    /// The server is asked every few seconds for what is new.
    Updates,
    /// The newest stretch is read every few seconds.
    Polling,
}

/// What there is to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum LiveNews {
    /// From now on values come this way.
    Way {
        /// Which.
        way: LiveWay,
        /// Why not a better one.
        because: Option<String>,
    },
    /// Values that were not told before, of those tags that have some; the WebIDs are those that were asked for.
    Values(Vec<Series>),
    /// Values that were told, or older ones, are no longer there.
    Deleted {
        /// WebID of the tag.
        tag: String,
        /// Their times.
        times: Vec<Micros>,
    },
    /// The connection broke; it is taken up again, and what was recorded meanwhile will be told.
    Broken(String),
}

/// Why a way ended.
enum Break {
    /// It may work again at once.
    Again(String),
    /// This server does not offer it.
    Never(String),
    /// No way can work.
    Fatal(PiError),
}

impl From<PiError> for Break {
    fn from(error: PiError) -> Self {
        match error {
            PiError::Unauthorized
            | PiError::NoPermission(_)
            | PiError::NotFound(_)
            | PiError::Vanished(_)
            | PiError::Certificate { .. }
            | PiError::Misconfigured(_)
            | PiError::NoTicket(_) => Self::Fatal(error),
            other => Self::Again(other.to_string()),
        }
    }
}

enum Session {
    Channel(Box<Channel>),
    Updates(Updates),
    Polling,
}

impl Session {
    fn way(&self) -> LiveWay {
        match self {
            Self::Channel(_) => LiveWay::Channel,
            Self::Updates(_) => LiveWay::Updates,
            Self::Polling => LiveWay::Polling,
        }
    }
}

/// What came in one go.
#[derive(Default)]
struct Arrived {
    series: Vec<Series>,
    deleted: Vec<(String, Vec<Micros>)>,
}

struct Live {
    client: PiClient,
    tags: Vec<String>,
    seen: Seen,
    session: Option<Session>,
    /// The best way that is worth trying, and why none better is.
    best: (LiveWay, Option<String>),
    since: Instant,
    /// The way that was told last.
    told: Option<LiveWay>,
    failures: u32,
    /// How often in a row a way broke that had been opened.
    breaks: u32,
    news: VecDeque<LiveNews>,
    ended: bool,
}

impl PiClient {
    /// The values of tags as they come: first the newest of each, then every later one. Ends with an error that no waiting
    /// heals; dropping the stream closes its connection.
    pub fn live(
        &self,
        tags: &[&str],
    ) -> impl Stream<Item = Result<LiveNews, PiError>> + Send + 'static + use<> {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let live = Live {
            client: self.without_end(),
            seen: Seen::new(&tags),
            ended: tags.is_empty(),
            tags,
            session: None,
            best: (LiveWay::Channel, None),
            since: Instant::now(),
            told: None,
            failures: 0,
            breaks: 0,
            news: VecDeque::new(),
        };
        stream::unfold(live, async |mut live| {
            let news = live.next().await?;
            Some((news, live))
        })
    }
}

impl Live {
    async fn next(&mut self) -> Option<Result<LiveNews, PiError>> {
        loop {
            if let Some(news) = self.news.pop_front() {
                return Some(Ok(news));
            }
            if self.ended {
                return None;
            }
            let opened = self.session.is_some();
            let stepped = match self.session.take() {
                None => self.open().await,
                Some(session) => self.follow(session).await,
            };
            match stepped {
                Ok(()) => {}
                Err(Break::Fatal(error)) => {
                    self.ended = true;
                    return Some(Err(error));
                }
                Err(Break::Never(why)) => self.step_down(why),
                Err(Break::Again(why)) => self.rest(why, opened).await,
            }
        }
    }

    /// Opens the best way, then reads what it will not tell: the newest values, or what was recorded since.
    async fn open(&mut self) -> Result<(), Break> {
        let session = match self.best.0 {
            LiveWay::Channel => {
                let channel = Channel::open(&self.client, &self.tags).await?;
                Session::Channel(Box::new(channel))
            }
            LiveWay::Updates => Session::Updates(Updates::open(&self.client, &self.tags).await?),
            LiveWay::Polling => Session::Polling,
        };
        self.catch_up().await?;
        let way = session.way();
        if self.told != Some(way) {
            self.told = Some(way);
            // Before the values that came with it.
            self.news.push_front(LiveNews::Way {
                way,
                because: self.best.1.clone(),
            });
        }
        self.since = Instant::now();
        self.session = Some(session);
        Ok(())
    }

    async fn catch_up(&mut self) -> Result<(), Break> {
        let read = if self.seen.is_empty() {
            let tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
            self.client.values(&tags).await?
        } else {
            self.recorded_since().await?
        };
        let fresh = self.seen.read(read);
        self.tell(fresh);
        Ok(())
    }

    /// What was recorded since a little before the last known values. Tags that change often are read apart from the others, so
    /// that one that stands still for days does not make all be read from then on.
    async fn recorded_since(&self) -> Result<Vec<Series>, PiError> {
        let end = SystemClock.now().checked_add(limits::PI_LIVE_AHEAD);
        let end = end.unwrap_or(Timestamp::MAX);
        let mut all = Vec::new();
        for (from, tags) in self.seen.since() {
            let from = Timestamp::from_microsecond(from).unwrap_or_default();
            if from <= end {
                all.extend(self.client.recorded(&tags, from, end).await?);
            }
        }
        Ok(all)
    }

    async fn follow(&mut self, mut session: Session) -> Result<(), Break> {
        let is_best = session.way() == LiveWay::Channel;
        if !is_best && self.since.elapsed() >= limits::PI_LIVE_BETTER {
            // What refused a better way may be gone.
            self.best = (LiveWay::Channel, None);
            return Ok(());
        }
        let (fresh, deleted) = match &mut session {
            Session::Channel(channel) => {
                let arrived = channel.next().await?;
                (self.seen.told(arrived.series), arrived.deleted)
            }
            Session::Updates(updates) => {
                SystemClock.sleep(limits::PI_LIVE_LOOK).await;
                let arrived = updates.next(&self.client).await?;
                (self.seen.told(arrived.series), arrived.deleted)
            }
            Session::Polling => {
                SystemClock.sleep(limits::PI_LIVE_POLL).await;
                (self.seen.read(self.recorded_since().await?), Vec::new())
            }
        };
        (self.failures, self.breaks) = (0, 0);
        self.session = Some(session);
        self.tell(fresh);
        for (tag, times) in deleted {
            self.news.push_back(LiveNews::Deleted { tag, times });
        }
        Ok(())
    }

    fn tell(&mut self, fresh: Vec<Series>) {
        if !fresh.is_empty() {
            self.news.push_back(LiveNews::Values(fresh));
        }
    }

    fn step_down(&mut self, why: String) {
        self.best = match self.best.0 {
            LiveWay::Channel => (LiveWay::Updates, Some(why)),
            LiveWay::Updates | LiveWay::Polling => (LiveWay::Polling, Some(why)),
        };
    }

    /// After a break: says so once, waits longer each time, and leaves a way that was opened and broke again and again before a
    /// word came. A server that is away makes no way worse than another.
    async fn rest(&mut self, why: String, opened: bool) {
        self.failures += 1;
        if self.failures == 1 {
            self.news.push_back(LiveNews::Broken(why.clone()));
        }
        self.breaks += u32::from(opened);
        if self.breaks >= limits::PI_LIVE_BREAKS {
            self.breaks = 0;
            self.step_down(why);
        }
        SystemClock.sleep(pause(self.failures)).await;
    }
}
