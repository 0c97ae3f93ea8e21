-- A message that was sent stays until every known subscriber has recorded it: a bus may lose what it confirmed.
ALTER TABLE dbo.dcp_outbox ADD name NVARCHAR(200) NOT NULL DEFAULT '';
GO
ALTER TABLE dbo.dcp_outbox ADD message_key NVARCHAR(200) NOT NULL DEFAULT '';
GO
ALTER TABLE dbo.dcp_outbox ADD sent_at DATETIMEOFFSET(6) NULL;
GO
DROP INDEX dcp_outbox_due ON dbo.dcp_outbox;
GO
CREATE INDEX dcp_outbox_state ON dbo.dcp_outbox (sent_at, seq);
GO
CREATE INDEX dcp_outbox_stream ON dbo.dcp_outbox (name, message_key, seq);
GO
CREATE INDEX dcp_outbox_id ON dbo.dcp_outbox (id);
GO

-- Who collects which event of this module, as they told.
CREATE TABLE dbo.dcp_subscriber (
    event NVARCHAR(200) NOT NULL,
    queue NVARCHAR(300) NOT NULL,
    lanes INT NOT NULL,
    seen_at DATETIMEOFFSET(6) NOT NULL,
    received_seq BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (event, queue)
);
GO

-- Who has not yet recorded which message, when it is looked for, and how often it was sent again.
CREATE TABLE dbo.dcp_awaiting (
    message_id NVARCHAR(36) NOT NULL,
    queue NVARCHAR(300) NOT NULL,
    seq BIGINT NOT NULL,
    look_at DATETIMEOFFSET(6) NOT NULL,
    looks INT NOT NULL DEFAULT 0,
    PRIMARY KEY (message_id, queue)
);
CREATE INDEX dcp_awaiting_seq ON dbo.dcp_awaiting (seq);
CREATE INDEX dcp_awaiting_look ON dbo.dcp_awaiting (look_at);
GO

-- Messages that a subscriber has and that have no effect yet: one that failed in an ordered subscription with what follows it
-- under its key, and those that an operator sends again. `next_at` is set for the first one of a key only.
CREATE TABLE dbo.dcp_parked (
    subscriber NVARCHAR(300) NOT NULL,
    message_id NVARCHAR(36) NOT NULL,
    message_key NVARCHAR(200) NOT NULL,
    position BIGINT NOT NULL,
    awaits NVARCHAR(36) NULL,
    envelope NVARCHAR(MAX) NOT NULL,
    reason NVARCHAR(MAX) NULL,
    attempts INT NOT NULL,
    next_at DATETIMEOFFSET(6) NULL,
    at DATETIMEOFFSET(6) NOT NULL,
    PRIMARY KEY (subscriber, message_id)
);
CREATE INDEX dcp_parked_in_order ON dbo.dcp_parked (subscriber, message_key, position);
CREATE INDEX dcp_parked_due ON dbo.dcp_parked (next_at);
GO

-- Dead letters are grouped by what they are and why; one of an ordered subscription holds up what follows it under its key.
ALTER TABLE dbo.dcp_dead_letter ADD name NVARCHAR(200) NOT NULL DEFAULT '';
GO
ALTER TABLE dbo.dcp_dead_letter ADD source NVARCHAR(200) NOT NULL DEFAULT '';
GO
ALTER TABLE dbo.dcp_dead_letter ADD message_key NVARCHAR(200) NOT NULL DEFAULT '';
GO
ALTER TABLE dbo.dcp_dead_letter ADD ordered BIT NOT NULL DEFAULT 0;
GO
CREATE INDEX dcp_dead_letter_key ON dbo.dcp_dead_letter (subscriber, message_key);
GO

-- What people did with dead letters, and why.
CREATE TABLE dbo.dcp_dead_letter_decision (
    seq BIGINT IDENTITY NOT NULL PRIMARY KEY,
    subscriber NVARCHAR(300) NOT NULL,
    message_id NVARCHAR(36) NOT NULL,
    name NVARCHAR(200) NOT NULL,
    decision NVARCHAR(20) NOT NULL CHECK (decision IN ('replayed', 'discarded')),
    decided_by NVARCHAR(200) NOT NULL,
    why NVARCHAR(1000) NOT NULL,
    at DATETIMEOFFSET(6) NOT NULL
);
