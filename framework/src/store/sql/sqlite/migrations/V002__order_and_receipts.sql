-- A message that was sent stays until every known subscriber has recorded it: a bus may lose what it confirmed.
ALTER TABLE dcp_outbox ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE dcp_outbox ADD COLUMN message_key TEXT NOT NULL DEFAULT '';
ALTER TABLE dcp_outbox ADD COLUMN sent_at TEXT;
DROP INDEX dcp_outbox_due;
CREATE INDEX dcp_outbox_unsent ON dcp_outbox (seq) WHERE sent_at IS NULL;
CREATE INDEX dcp_outbox_postponed ON dcp_outbox (not_before) WHERE sent_at IS NULL AND attempts > 0;
CREATE INDEX dcp_outbox_sent_id ON dcp_outbox (id) WHERE sent_at IS NOT NULL;
CREATE INDEX dcp_outbox_stream ON dcp_outbox (name, message_key, seq);

-- Who collects which event of this module, as they told.
CREATE TABLE dcp_subscriber (
    event TEXT NOT NULL,
    queue TEXT NOT NULL,
    lanes INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    received_seq INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (event, queue)
) STRICT, WITHOUT ROWID;

-- Who has not yet recorded which message, when it is looked for, and how often it was sent again.
CREATE TABLE dcp_awaiting (
    message_id TEXT NOT NULL,
    queue TEXT NOT NULL,
    seq INTEGER NOT NULL,
    look_at TEXT NOT NULL,
    looks INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message_id, queue)
) STRICT, WITHOUT ROWID;
CREATE INDEX dcp_awaiting_seq ON dcp_awaiting (seq);
CREATE INDEX dcp_awaiting_look ON dcp_awaiting (look_at);

-- Messages that a subscriber has and that have no effect yet: one that failed in an ordered subscription with what follows it
-- under its key, and those that an operator sends again. `next_at` is set for the first one of a key only.
CREATE TABLE dcp_parked (
    subscriber TEXT NOT NULL,
    message_id TEXT NOT NULL,
    message_key TEXT NOT NULL,
    position INTEGER NOT NULL,
    awaits TEXT,
    envelope TEXT NOT NULL,
    reason TEXT,
    attempts INTEGER NOT NULL,
    next_at TEXT,
    at TEXT NOT NULL,
    PRIMARY KEY (subscriber, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dcp_parked_in_order ON dcp_parked (subscriber, message_key, position);
CREATE INDEX dcp_parked_due ON dcp_parked (next_at) WHERE next_at IS NOT NULL;

-- Dead letters are grouped by what they are and why; one of an ordered subscription holds up what follows it under its key.
ALTER TABLE dcp_dead_letter ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE dcp_dead_letter ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE dcp_dead_letter ADD COLUMN message_key TEXT NOT NULL DEFAULT '';
ALTER TABLE dcp_dead_letter ADD COLUMN ordered INTEGER NOT NULL DEFAULT 0;
CREATE INDEX dcp_dead_letter_key ON dcp_dead_letter (subscriber, message_key) WHERE ordered = 1;

-- What people did with dead letters, and why.
CREATE TABLE dcp_dead_letter_decision (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber TEXT NOT NULL,
    message_id TEXT NOT NULL,
    name TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('replayed', 'discarded')),
    decided_by TEXT NOT NULL,
    why TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
