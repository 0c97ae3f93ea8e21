CREATE TABLE queue (name TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE binding (
    name TEXT NOT NULL,
    queue TEXT NOT NULL REFERENCES queue (name),
    PRIMARY KEY (name, queue)
) STRICT, WITHOUT ROWID;

-- A message is due at `not_before`; while somebody has it, that is the end of the lease.
CREATE TABLE message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    envelope TEXT NOT NULL,
    not_before TEXT NOT NULL,
    owner TEXT,
    deliveries INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX message_in_order ON message (queue, seq);
CREATE INDEX message_due ON message (queue, not_before);
CREATE INDEX message_owned ON message (owner) WHERE owner IS NOT NULL;
