//! Every limit of the platform, named, with its reason.

use std::time::Duration;

/// How long a call waits for a connection of the store before the answer is 503: a person waits no longer for a click.
pub const STORE_ACQUIRE: Duration = Duration::from_secs(2);
/// How long SQLite waits for another process's write, within [`STORE_ACQUIRE`].
pub const STORE_LOCK: Duration = Duration::from_millis(1500);
/// How long it sleeps meanwhile before it looks again, and how often so: most writes take less than a tenth of a millisecond.
pub const LOCK_PAUSES: [(Duration, u32); 3] = [
    (Duration::from_micros(50), 20),
    (Duration::from_micros(250), 40),
    (Duration::from_millis(2), u32::MAX),
];
/// Connections that read from a SQLite file: each is a thread, and two cores are the smallest machine.
pub const SQLITE_READERS: usize = 2;
/// Calls waiting for one SQLite thread; more are refused as busy at once.
pub const SQLITE_QUEUE: usize = 1024;
/// How long the writing thread of SQLite and who waits for it stay awake before they sleep: a wake costs more than a statement.
pub const SQLITE_AWAKE: Duration = Duration::from_micros(50);
/// Page cache of one SQLite connection in KiB, so that an idle module stays small.
pub const SQLITE_CACHE_KIB: i64 = 1024;
/// Prepared statements kept by one SQLite connection.
pub const SQLITE_STATEMENTS: usize = 128;
/// Connections to one SQL Server database of one process.
pub const SQLSERVER_CONNECTIONS: usize = 8;
/// How long dialling and logging in at SQL Server may take.
pub const SQLSERVER_CONNECT: Duration = Duration::from_secs(5);
/// How long a pool waits for the first answer on a new connection before it opens another beside it, twice as long for each that is
/// silent too; less than [`STORE_ACQUIRE`], so that one silent connection refuses nobody. A server that is just back has every
/// procedure to plan, and plans fewer for fewer connections.
pub const SQLSERVER_TRIAL: Duration = Duration::from_millis(1500);
/// How long one procedure call may take at SQL Server.
pub const SQLSERVER_CALL: Duration = Duration::from_secs(30);
/// How often a transaction is done that the database undoes each time to end a deadlock; then its caller hears of it.
pub const DEADLOCK_ATTEMPTS: u32 = 5;
/// How long opening a file of SQLite waits for others that write, or that repair it after a death.
pub const STORE_OPEN: Duration = Duration::from_secs(10);
/// Rows a procedure may answer with: a list is paged, not read whole.
pub const STORE_ROWS: usize = 100_000;
/// The body of a message: larger things are referred to by key and hash.
pub const MESSAGE_BYTES: usize = 256 * 1024;
/// The key of a message: part of an index.
pub const KEY_BYTES: usize = 200;
/// Messages sent in one go from the outbox, before their confirms are waited for.
pub const OUTBOX_BATCH: usize = 250;
/// Such batches read at once, and on their way at once.
pub const OUTBOX_BATCHES: usize = 4;
/// How long the bus may take to store one batch; after that the batch is sent again.
pub const PUBLISH_DEADLINE: Duration = Duration::from_secs(5);
/// How often the outbox is looked at without being woken: rows of a process that died are sent then.
pub const OUTBOX_POLL: Duration = Duration::from_secs(10);
/// How long a subscriber may take to record a message before it is asked for; twice as long each time after that.
pub const RESEND_AFTER: Duration = Duration::from_secs(30);
/// The longest such time.
pub const RESEND_AT_MOST: Duration = Duration::from_mins(10);
/// How often sent messages are looked at that no subscriber has recorded.
pub const RECONCILE: Duration = Duration::from_secs(3);
/// The part of the time that looking at them may take: one in so many.
pub const RECONCILE_SHARE: u32 = 20;
/// When a message counts as lost although its queue is never empty: a later one is recorded and this one was sent so long ago.
pub const LOST_AFTER: Duration = Duration::from_mins(15);
/// How long what a subscriber has recorded gathers before the publisher is told.
pub const RECEIPT_GATHER: Duration = Duration::from_secs(1);
/// Messages named in one notice to a publisher.
pub const RECEIPT_BATCH: usize = 500;
/// How often a subscriber tells publishers that it is there.
pub const SUBSCRIBER_TELLS: Duration = Duration::from_hours(1);
/// How long a publisher keeps messages for a subscriber that tells nothing.
pub const SUBSCRIBER_KEPT: Duration = Duration::from_hours(30 * 24);
/// Failures in a row, of something all reactions of a queue need, after which one message probes for all.
pub const BRAKE_AFTER: u32 = 10;
/// How often parked messages are looked at without being woken.
pub const PARKED_POLL: Duration = Duration::from_secs(10);
/// Parked messages tried at the same time, each of another key.
pub const PARKED_BATCH: usize = 16;
/// How often a message that came before its predecessor looks for it.
pub const PREDECESSOR_LOOK: Duration = Duration::from_millis(500);
/// How long it looks: longer than a message may be on its way, shorter than a shift.
pub const ORDER_WAIT: Duration = Duration::from_mins(15);
/// Messages an event subscription holds ahead; work queues hold as many as they work on. A quorum queue hands out the next one
/// after it has stored the acknowledgement of one before, which takes it milliseconds: a smaller number is a slower queue.
pub const EVENT_PREFETCH: usize = 128;
/// Failed reactions after which a message is parked.
pub const MAX_ATTEMPTS: u32 = 10;
/// Deliveries without any verdict after which a message is parked: it seems to kill the process.
pub const MAX_DELIVERIES: u32 = 20;
/// Pauses before the next attempt; the last one repeats. A bus may round them up.
pub const RETRY_PAUSES: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_hours(1),
];
/// Shortest and longest pause while the database or the bus is away.
pub const OUTAGE_PAUSES: (Duration, Duration) =
    (Duration::from_millis(200), Duration::from_secs(5));
/// How long reactions may go on after the order to stop; then they are undone and done elsewhere.
pub const DRAIN: Duration = Duration::from_secs(4);
/// How long a recorded message is remembered: no bus keeps one longer than this.
pub const INBOX_KEPT: Duration = Duration::from_hours(30 * 24);
/// How often and how much of what is older is forgotten.
pub const INBOX_PRUNE: (Duration, usize) = (Duration::from_mins(10), 5000);
/// How long a message of the local bus belongs to a process that gives no sign of life.
pub const LOCAL_LEASE: Duration = Duration::from_secs(12);
/// How often the local bus is looked at without being woken.
pub const LOCAL_POLL: Duration = Duration::from_secs(10);
/// How long the local bus lets wakes gather before it looks: one look for a burst.
pub const LOCAL_GATHER: Duration = Duration::from_micros(500);
/// How much of that may be saved up: questions and answers that follow each other are not a burst.
pub const LOCAL_BURST: Duration = Duration::from_millis(4);
/// How long dialling a PI Web API server may take: it stands in the same plant network.
pub const PI_CONNECT: Duration = Duration::from_secs(5);
/// How long one request to a PI Web API server may take, with its answer.
pub const PI_REQUEST: Duration = Duration::from_secs(30);
/// How long a Kerberos server may take for a ticket: it stands in the same network.
pub const KERBEROS_ANSWER: Duration = Duration::from_secs(5);
/// Bytes of its answer: a ticket with all groups of an account has some kilobytes.
pub const KERBEROS_ANSWER_BYTES: u32 = 256 * 1024;
/// How long a Kerberos server that does not answer is left alone.
pub const KERBEROS_REST: Duration = Duration::from_secs(5);
/// How long a refusal that somebody must mend is told without asking again.
pub const KERBEROS_REST_REFUSED: Duration = Duration::from_secs(30);
/// How long a password that was wrong is not tried again: tried more often, it locks the account.
pub const KERBEROS_REST_WRONG: Duration = Duration::from_mins(15);
/// Accounts whose tickets are remembered before those that nobody uses are dropped.
pub const KERBEROS_ACCOUNTS: usize = 100;
/// How often a request is sent before its failure counts.
pub const PI_ATTEMPTS: u32 = 4;
/// Requests to a PI Web API server that pay for one repetition: in trouble it is asked a tenth more, not four times as much.
pub const PI_RETRY_SHARE: u32 = 10;
/// Repetitions that no request has paid for: a short failure of a server that is seldom asked is survived too.
pub const PI_RETRY_RESERVE: u32 = 20;
/// Failures in a row after which a PI Web API server is left alone: more than two questions with all their attempts.
pub const PI_BREAKER_AFTER: u32 = 10;
/// For how long, the first time and at most; a person who waits for a server that is back does not wait longer than that.
pub const PI_BREAKER_REST: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));
/// How far a PI server's clock may be off before people are told: less than the shortest sampling interval that models use.
pub const PI_CLOCK_TOLERANCE: Duration = Duration::from_secs(2);
/// The pause after the first failure; it doubles with every attempt.
pub const PI_PAUSE: Duration = Duration::from_millis(150);
/// Requests to one PI Web API server at a time: the server serves the plant first.
pub const PI_CONCURRENCY: usize = 6;
/// Objects on one page of a list.
pub const PI_PAGE: usize = 1_000;
/// Objects of one list, all pages: a person chooses from a list of this size only by searching.
pub const PI_LIST: usize = 100_000;
/// Values of one tag in one answer; servers take up to 150,000.
pub const PI_VALUES: usize = 10_000;
/// Requests in one `POST /batch`.
pub const PI_BATCH_PARTS: usize = 50;
/// Units whose tags one request asks for: the server answers each of them before it answers at all.
pub const PI_DISCOVERY_UNITS: usize = 100;
/// Levels of phases below a batch: ISA-88 has three.
pub const PI_PHASE_LEVELS: usize = 8;
/// Length of the WebIDs in one address: servers cut addresses at 16 KiB, some proxies at 8 KiB.
pub const PI_ADDRESS: usize = 6_000;
/// Instants in one address: less than 1 KiB beside the WebIDs.
pub const PI_INSTANTS: usize = 24;
/// Bytes of one answer.
pub const PI_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// Values of one answer that become columns: about [`PI_ANSWER_BYTES`] in memory, whatever they took on the way.
pub const PI_ANSWER_VALUES: usize = 4_000_000;
/// One value, or one key with its value, of an answer that is read while it arrives: the longest text PI keeps is far shorter.
pub const PI_PIECE_BYTES: usize = 1024 * 1024;
/// Answers below this size are read where they arrive, larger ones beside the async threads.
pub const PI_PARSE_INLINE: usize = 128 * 1024;
/// How far before the last known value reading goes on after a break, for values that arrive late.
pub const PI_LIVE_OVERLAP: Duration = Duration::from_mins(2);
/// How far ahead of this machine's clock values are looked for: clocks of plants differ.
pub const PI_LIVE_AHEAD: Duration = Duration::from_hours(1);
/// How often the server is asked for updates.
pub const PI_LIVE_LOOK: Duration = Duration::from_secs(2);
/// How often values are read again where it gives no updates.
pub const PI_LIVE_POLL: Duration = Duration::from_secs(5);
/// How long a way that is not the best is used before a better one is tried again.
pub const PI_LIVE_BETTER: Duration = Duration::from_mins(10);
/// Silence of a channel after which the server is asked whether it is there, and after which it is not.
pub const PI_LIVE_SILENCE: Duration = Duration::from_secs(20);
/// Longest pause of a channel that has spoken before: PI sends a heartbeat every 25 s unless somebody has set another pace.
pub const PI_LIVE_MUTE: Duration = Duration::from_mins(1);
/// Breaks in a row without a word in between after which a lesser way is tried.
pub const PI_LIVE_BREAKS: u32 = 3;
/// Values in one block of kept history, about: what is held at once while a long history is read, some megabytes.
pub const PI_CACHE_ROWS: usize = 60_000;
/// Bytes of one such block when it is unpacked; texts may be long.
pub const PI_CACHE_BLOCK_BYTES: usize = 64 * 1024 * 1024;
/// How long a block is used before the server is asked whether it still holds.
pub const PI_CACHE_TRUSTED: Duration = Duration::from_mins(10);
/// How long a block is used before it is read anew, whatever the server says of it.
pub const PI_CACHE_REREAD: Duration = Duration::from_hours(7 * 24);
/// Blocks and streams about which a process remembers what the server said; beyond that it asks again.
pub const PI_CACHE_REMEMBERED: usize = 100_000;
/// After so many stored blocks the folder is measured again, because other processes store there too.
pub const PI_CACHE_MEASURE: u64 = 256;
/// Rows of one table of batches.
pub const PI_TABLE_ROWS: usize = 5_000_000;
/// How long dialling the broker may take.
pub const BROKER_DIAL: Duration = Duration::from_secs(5);
/// How long the broker may take to declare queues and begin a subscription; after that the connection is given up.
pub const BROKER_ANSWER: Duration = Duration::from_secs(15);
/// How often a subscription without messages looks whether its channel still lives.
pub const BROKER_LOOK: Duration = Duration::from_secs(1);
/// Silence of the broker after which a connection is given up, in seconds (AMQP heartbeat).
pub const BROKER_HEARTBEAT: u16 = 10;
/// How often it is looked whether the credentials of the bus have changed: old ones have to be valid that much longer.
pub const CREDENTIALS_LOOK: Duration = Duration::from_secs(5);
/// How many events that nobody collects the broker keeps to look at.
pub const UNROUTED_KEPT: i64 = 10_000;
/// How long the bus may take to say how much is in a queue, when somebody looks.
pub const DEPTH_TIME: Duration = Duration::from_secs(2);
/// Dead letters in one answer.
pub const LETTERS_PAGE: usize = 200;
/// Decisions about dead letters in one answer.
pub const DECISIONS: usize = 200;
/// Dead letters that one request decides: its caller goes on with the next.
pub const DECIDE_BATCH: usize = 500;
/// How long one request decides: shorter than any proxy's patience, long enough to show progress.
pub const DECIDE_TIME: Duration = Duration::from_secs(5);
/// Dead letters tried again in a second, when nothing else is asked for.
pub const REPLAY_RATE: u32 = 50;
/// How old gauges may be when they are shown.
pub const SAMPLE_AGE: Duration = Duration::from_secs(2);
/// How often recorded times are folded into their buckets when nobody collects the metrics: they need memory until then.
pub const METRICS_FOLD: Duration = Duration::from_secs(15);
/// Steps of traces that wait for the collector; more are dropped and counted: about 2 MB.
pub const SPANS_HELD: usize = 4096;
/// Steps sent to the collector in one request.
pub const SPAN_BATCH: usize = 512;
/// How long steps gather before they are sent.
pub const SPAN_GATHER: Duration = Duration::from_secs(1);
/// How long the collector may take for one request; what hangs longer is dropped.
pub const SPAN_POST: Duration = Duration::from_secs(5);
/// Shortest and longest pause after the collector did not take a request.
pub const SPAN_PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// How long a process that stops still sends: less than its tasks may take to end.
pub const SPAN_LAST: Duration = Duration::from_millis(250);
/// Longest text of an attribute, in bytes.
pub const SPAN_TEXT: usize = 256;
/// Rows of one table that travel together when a database is copied: enough to be quick, few enough to stay in memory.
pub const COPY_ROWS: usize = 500;
/// Parameters of one statement when a database is copied; SQL Server takes 2100.
pub const COPY_PARAMETERS: usize = 2000;
