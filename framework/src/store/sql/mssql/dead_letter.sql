CREATE PROCEDURE dbo.dcp_dead_letter_add @subscriber NVARCHAR(300), @message_id NVARCHAR(36), @name NVARCHAR(200), @source NVARCHAR(200),
    @message_key NVARCHAR(200), @ordered BIT, @envelope NVARCHAR(MAX), @reason NVARCHAR(MAX), @attempts INT, @now DATETIMEOFFSET(6) AS
IF NOT EXISTS (SELECT 1 FROM dbo.dcp_dead_letter WITH (UPDLOCK, HOLDLOCK) WHERE subscriber = @subscriber AND message_id = @message_id)
    INSERT INTO dbo.dcp_dead_letter (subscriber, message_id, name, source, message_key, ordered, envelope, reason, attempts, at)
    VALUES (@subscriber, @message_id, @name, @source, @message_key, @ordered, @envelope, @reason, @attempts, @now);
ELSE
    UPDATE dbo.dcp_dead_letter SET reason = @reason, attempts = @attempts, at = @now
    WHERE subscriber = @subscriber AND message_id = @message_id;
GO

-- returns subscriber NVARCHAR(300), message_id NVARCHAR(36), name NVARCHAR(200), source NVARCHAR(200), message_key NVARCHAR(200), ordered BIT, envelope NVARCHAR(MAX), reason NVARCHAR(MAX), attempts INT, at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.dcp_dead_letters @subscriber NVARCHAR(300) = NULL, @name NVARCHAR(200) = NULL, @message_id NVARCHAR(36) = NULL,
    @reason NVARCHAR(MAX) = NULL, @before DATETIMEOFFSET(6) = NULL, @count INT AS
SELECT TOP (@count) subscriber, message_id, name, source, message_key, ordered, envelope, reason, attempts, at FROM dbo.dcp_dead_letter
WHERE (@subscriber IS NULL OR subscriber = @subscriber) AND (@name IS NULL OR name = @name)
    AND (@message_id IS NULL OR message_id = @message_id) AND (@reason IS NULL OR reason = @reason)
    AND (@before IS NULL OR at < @before)
ORDER BY at, message_id;
GO

-- returns subscriber NVARCHAR(300), name NVARCHAR(200), reason NVARCHAR(MAX), count INT, ordered BIT, oldest DATETIMEOFFSET(6), newest DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.dcp_dead_letter_groups AS
SELECT TOP (1000) subscriber, name, reason, COUNT(*) AS count, CAST(MAX(CAST(ordered AS INT)) AS BIT) AS ordered, MIN(at) AS oldest, MAX(at) AS newest
FROM dbo.dcp_dead_letter GROUP BY subscriber, name, reason ORDER BY MAX(at) DESC;
GO

CREATE PROCEDURE dbo.dcp_dead_letter_remove @subscriber NVARCHAR(300), @message_id NVARCHAR(36) AS
DELETE FROM dbo.dcp_dead_letter WHERE subscriber = @subscriber AND message_id = @message_id;
GO

CREATE PROCEDURE dbo.dcp_dead_letter_decide @subscriber NVARCHAR(300), @message_id NVARCHAR(36), @name NVARCHAR(200), @decision NVARCHAR(20),
    @decided_by NVARCHAR(200), @why NVARCHAR(1000), @now DATETIMEOFFSET(6) AS
INSERT INTO dbo.dcp_dead_letter_decision (subscriber, message_id, name, decision, decided_by, why, at)
VALUES (@subscriber, @message_id, @name, @decision, @decided_by, @why, @now);
GO

-- returns seq BIGINT, subscriber NVARCHAR(300), message_id NVARCHAR(36), name NVARCHAR(200), decision NVARCHAR(20), decided_by NVARCHAR(200), why NVARCHAR(1000), at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.dcp_dead_letter_decisions @count INT AS
SELECT TOP (@count) seq, subscriber, message_id, name, decision, decided_by, why, at FROM dbo.dcp_dead_letter_decision ORDER BY seq DESC;
