-- What a module has to send: a row stays until the bus has stored the message.
CREATE TABLE dbo.dcp_outbox (
    seq BIGINT IDENTITY NOT NULL PRIMARY KEY,
    id NVARCHAR(36) NOT NULL,
    destination NVARCHAR(400) NOT NULL,
    envelope NVARCHAR(MAX) NOT NULL,
    not_before DATETIMEOFFSET(6) NOT NULL,
    attempts INT NOT NULL DEFAULT 0
);
CREATE INDEX dcp_outbox_due ON dbo.dcp_outbox (not_before, seq);
GO

-- What a subscriber has taken effect of: written in the transaction of the effect.
CREATE TABLE dbo.dcp_inbox (
    subscriber NVARCHAR(300) NOT NULL,
    message_id NVARCHAR(36) NOT NULL,
    at DATETIMEOFFSET(6) NOT NULL,
    PRIMARY KEY (subscriber, message_id)
);
CREATE INDEX dcp_inbox_at ON dbo.dcp_inbox (at);
GO

-- Messages that no reaction could take, with the reason.
CREATE TABLE dbo.dcp_dead_letter (
    subscriber NVARCHAR(300) NOT NULL,
    message_id NVARCHAR(36) NOT NULL,
    envelope NVARCHAR(MAX) NOT NULL,
    reason NVARCHAR(MAX) NOT NULL,
    attempts INT NOT NULL,
    at DATETIMEOFFSET(6) NOT NULL,
    PRIMARY KEY (subscriber, message_id)
);
