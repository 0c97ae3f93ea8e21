-- What a module has to send: a row stays until the bus has stored the message.
CREATE TABLE dcp_outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    destination TEXT NOT NULL,
    envelope TEXT NOT NULL,
    not_before TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX dcp_outbox_due ON dcp_outbox (not_before, seq);

-- What a subscriber has taken effect of: written in the transaction of the effect.
CREATE TABLE dcp_inbox (
    subscriber TEXT NOT NULL,
    message_id TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (subscriber, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dcp_inbox_at ON dcp_inbox (at);

-- Messages that no reaction could take, with the reason.
CREATE TABLE dcp_dead_letter (
    subscriber TEXT NOT NULL,
    message_id TEXT NOT NULL,
    envelope TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (subscriber, message_id)
) STRICT, WITHOUT ROWID;
