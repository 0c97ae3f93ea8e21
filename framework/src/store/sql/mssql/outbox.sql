CREATE PROCEDURE dbo.dcp_outbox_add @id NVARCHAR(36), @destination NVARCHAR(400), @name NVARCHAR(200), @message_key NVARCHAR(200),
    @envelope NVARCHAR(MAX), @now DATETIMEOFFSET(6) AS
INSERT INTO dbo.dcp_outbox (id, destination, name, message_key, envelope, not_before)
VALUES (@id, @destination, @name, @message_key, @envelope, @now);
GO

-- returns seq BIGINT, destination NVARCHAR(400), envelope NVARCHAR(MAX), attempts INT, follows NVARCHAR(36)
CREATE PROCEDURE dbo.dcp_outbox_due @now DATETIMEOFFSET(6), @after BIGINT, @count INT AS
SELECT TOP (@count) o.seq, o.destination, o.envelope, o.attempts,
    (SELECT TOP (1) earlier.id FROM dbo.dcp_outbox AS earlier
     WHERE earlier.name = o.name AND earlier.message_key = o.message_key AND earlier.seq < o.seq
     ORDER BY earlier.seq DESC) AS follows
FROM dbo.dcp_outbox AS o WHERE o.sent_at IS NULL AND o.seq > @after AND (o.attempts = 0 OR o.not_before <= @now) ORDER BY o.seq;
GO

CREATE PROCEDURE dbo.dcp_outbox_await @seqs NVARCHAR(MAX), @look_at DATETIMEOFFSET(6) AS
INSERT INTO dbo.dcp_awaiting (message_id, queue, seq, look_at)
SELECT o.id, s.queue, o.seq, @look_at FROM dbo.dcp_outbox AS o JOIN dbo.dcp_subscriber AS s ON s.event = o.name
WHERE o.seq IN (SELECT CAST(value AS BIGINT) FROM OPENJSON(@seqs)) AND o.destination = N'topic'
    AND NOT EXISTS (SELECT 1 FROM dbo.dcp_awaiting AS a WHERE a.message_id = o.id AND a.queue = s.queue);
GO

CREATE PROCEDURE dbo.dcp_outbox_sent @seqs NVARCHAR(MAX), @now DATETIMEOFFSET(6) AS
DELETE FROM dbo.dcp_outbox WHERE seq IN (SELECT CAST(value AS BIGINT) FROM OPENJSON(@seqs))
    AND NOT EXISTS (SELECT 1 FROM dbo.dcp_awaiting AS a WHERE a.seq = dbo.dcp_outbox.seq);
UPDATE dbo.dcp_outbox SET sent_at = @now
WHERE seq IN (SELECT CAST(value AS BIGINT) FROM OPENJSON(@seqs));
GO

CREATE PROCEDURE dbo.dcp_outbox_postpone @seq BIGINT, @not_before DATETIMEOFFSET(6) AS
UPDATE dbo.dcp_outbox SET not_before = @not_before, attempts = attempts + 1 WHERE seq = @seq;
GO

-- returns fresh BIT, next_at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.dcp_outbox_next AS
SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM dbo.dcp_outbox WHERE sent_at IS NULL AND attempts = 0) THEN 1 ELSE 0 END AS BIT) AS fresh,
    (SELECT MIN(not_before) FROM dbo.dcp_outbox WHERE sent_at IS NULL AND attempts > 0) AS next_at;
GO

-- returns waiting BIGINT, oldest DATETIMEOFFSET(6), kept BIGINT
CREATE PROCEDURE dbo.dcp_outbox_size AS
SELECT (SELECT COUNT_BIG(*) FROM dbo.dcp_outbox WHERE sent_at IS NULL) AS waiting,
    (SELECT TOP (1) CAST(JSON_VALUE(envelope, '$.time') AS DATETIMEOFFSET(6)) FROM dbo.dcp_outbox WHERE sent_at IS NULL ORDER BY seq) AS oldest,
    (SELECT COUNT_BIG(*) FROM dbo.dcp_outbox WHERE sent_at IS NOT NULL) AS kept;
GO

-- returns seq BIGINT, message_id NVARCHAR(36), envelope NVARCHAR(MAX), looks INT, queue NVARCHAR(300), lanes INT, lost BIT, follows NVARCHAR(36)
CREATE PROCEDURE dbo.dcp_outbox_overdue @now DATETIMEOFFSET(6), @lost_before DATETIMEOFFSET(6), @busy NVARCHAR(MAX), @count INT AS
SELECT TOP (@count) overdue.seq, overdue.message_id, overdue.envelope, overdue.looks, overdue.queue, overdue.lanes, overdue.lost,
    (SELECT TOP (1) earlier.id FROM dbo.dcp_outbox AS earlier
     WHERE earlier.name = overdue.name AND earlier.message_key = overdue.message_key AND earlier.seq < overdue.seq
     ORDER BY earlier.seq DESC) AS follows
FROM (SELECT o.seq, o.id AS message_id, o.name, o.message_key, o.envelope, a.looks, a.queue, s.lanes,
        CAST(CASE WHEN s.lanes = 0 AND s.received_seq > o.seq AND o.sent_at < @lost_before THEN 1 ELSE 0 END AS BIT) AS lost
    FROM dbo.dcp_awaiting AS a JOIN dbo.dcp_outbox AS o ON o.seq = a.seq
        JOIN dbo.dcp_subscriber AS s ON s.event = o.name AND s.queue = a.queue
    WHERE a.look_at <= @now) AS overdue
WHERE overdue.lost = 1 OR overdue.queue NOT IN (SELECT value FROM OPENJSON(@busy)) ORDER BY overdue.seq;
GO

CREATE PROCEDURE dbo.dcp_outbox_look_later @queue NVARCHAR(300), @ids NVARCHAR(MAX), @look_at DATETIMEOFFSET(6), @again INT AS
UPDATE dbo.dcp_awaiting SET look_at = @look_at, looks = looks + @again
WHERE queue = @queue AND message_id IN (SELECT value FROM OPENJSON(@ids));
GO

CREATE PROCEDURE dbo.dcp_outbox_look_now @now DATETIMEOFFSET(6) AS
UPDATE dbo.dcp_awaiting SET look_at = @now WHERE look_at > @now;
GO

CREATE PROCEDURE dbo.dcp_outbox_received @queue NVARCHAR(300), @ids NVARCHAR(MAX) AS
UPDATE dbo.dcp_subscriber SET received_seq = (SELECT MAX(a.seq) FROM dbo.dcp_awaiting AS a
    WHERE a.queue = @queue AND a.message_id IN (SELECT value FROM OPENJSON(@ids)))
WHERE queue = @queue AND received_seq < (SELECT MAX(a.seq) FROM dbo.dcp_awaiting AS a
    WHERE a.queue = @queue AND a.message_id IN (SELECT value FROM OPENJSON(@ids)));
DELETE FROM dbo.dcp_awaiting WHERE queue = @queue AND message_id IN (SELECT value FROM OPENJSON(@ids));
DELETE FROM dbo.dcp_outbox WHERE sent_at IS NOT NULL AND id IN (SELECT value FROM OPENJSON(@ids))
    AND NOT EXISTS (SELECT 1 FROM dbo.dcp_awaiting AS a WHERE a.message_id = dbo.dcp_outbox.id);
GO

CREATE PROCEDURE dbo.dcp_outbox_prune AS
DELETE FROM dbo.dcp_awaiting WHERE NOT EXISTS (SELECT 1 FROM dbo.dcp_subscriber AS s WHERE s.queue = dbo.dcp_awaiting.queue);
DELETE FROM dbo.dcp_outbox WHERE sent_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM dbo.dcp_awaiting AS a WHERE a.seq = dbo.dcp_outbox.seq);
GO

CREATE PROCEDURE dbo.dcp_subscriber_seen @event NVARCHAR(200), @queue NVARCHAR(300), @lanes INT, @now DATETIMEOFFSET(6) AS
IF NOT EXISTS (SELECT 1 FROM dbo.dcp_subscriber WITH (UPDLOCK, HOLDLOCK) WHERE event = @event AND queue = @queue)
    INSERT INTO dbo.dcp_subscriber (event, queue, lanes, seen_at) VALUES (@event, @queue, @lanes, @now);
ELSE
    UPDATE dbo.dcp_subscriber SET lanes = @lanes, seen_at = @now WHERE event = @event AND queue = @queue;
GO

CREATE PROCEDURE dbo.dcp_subscriber_prune @before DATETIMEOFFSET(6) AS
DELETE FROM dbo.dcp_subscriber WHERE seen_at < @before;
