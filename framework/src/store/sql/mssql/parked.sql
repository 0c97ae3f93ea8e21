-- returns held BIT, blocked BIT, first NVARCHAR(36), first_at BIGINT, ready BIT
CREATE PROCEDURE dbo.dcp_key_state @subscriber NVARCHAR(300), @message_key NVARCHAR(200), @message_id NVARCHAR(36),
    @follows NVARCHAR(36) = NULL AS
SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM dbo.dcp_parked WHERE subscriber = @subscriber AND message_id = @message_id)
        OR EXISTS (SELECT 1 FROM dbo.dcp_dead_letter WHERE subscriber = @subscriber AND message_id = @message_id) THEN 1 ELSE 0 END AS BIT) AS held,
    CAST(CASE WHEN EXISTS (SELECT 1 FROM dbo.dcp_dead_letter
        WHERE subscriber = @subscriber AND message_key = @message_key AND ordered = 1) THEN 1 ELSE 0 END AS BIT) AS blocked,
    (SELECT TOP (1) message_id FROM dbo.dcp_parked
        WHERE subscriber = @subscriber AND message_key = @message_key ORDER BY position) AS first,
    (SELECT MIN(position) FROM dbo.dcp_parked WHERE subscriber = @subscriber AND message_key = @message_key) AS first_at,
    CAST(CASE WHEN @follows IS NULL OR EXISTS (SELECT 1 FROM dbo.dcp_inbox WHERE subscriber = @subscriber AND message_id = @follows)
        OR EXISTS (SELECT 1 FROM dbo.dcp_dead_letter WHERE subscriber = @subscriber AND message_id = @follows) THEN 1 ELSE 0 END AS BIT) AS ready;
GO

CREATE PROCEDURE dbo.dcp_parked_add @subscriber NVARCHAR(300), @message_id NVARCHAR(36), @message_key NVARCHAR(200), @position BIGINT,
    @awaits NVARCHAR(36) = NULL, @envelope NVARCHAR(MAX), @reason NVARCHAR(MAX) = NULL, @attempts INT,
    @next_at DATETIMEOFFSET(6) = NULL, @now DATETIMEOFFSET(6) AS
INSERT INTO dbo.dcp_parked (subscriber, message_id, message_key, position, awaits, envelope, reason, attempts, next_at, at)
SELECT @subscriber, @message_id, @message_key, @position, @awaits, @envelope, @reason, @attempts, @next_at, @now
WHERE NOT EXISTS (SELECT 1 FROM dbo.dcp_parked WITH (UPDLOCK, HOLDLOCK) WHERE subscriber = @subscriber AND message_id = @message_id);
GO

-- returns subscriber NVARCHAR(300), message_id NVARCHAR(36), message_key NVARCHAR(200), awaits NVARCHAR(36), envelope NVARCHAR(MAX), attempts INT, at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.dcp_parked_due @now DATETIMEOFFSET(6), @count INT AS
SELECT TOP (@count) subscriber, message_id, message_key, awaits, envelope, attempts, at FROM dbo.dcp_parked
WHERE next_at <= @now ORDER BY next_at;
GO

-- returns next_at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.dcp_parked_next AS
SELECT MIN(next_at) AS next_at FROM dbo.dcp_parked WHERE next_at IS NOT NULL;
GO

-- returns waiting INT
CREATE PROCEDURE dbo.dcp_parked_size @subscriber NVARCHAR(300) AS
SELECT COUNT(*) AS waiting FROM dbo.dcp_parked WHERE subscriber = @subscriber;
GO

CREATE PROCEDURE dbo.dcp_parked_set @subscriber NVARCHAR(300), @message_id NVARCHAR(36), @reason NVARCHAR(MAX) = NULL, @attempts INT,
    @next_at DATETIMEOFFSET(6) = NULL AS
UPDATE dbo.dcp_parked SET reason = @reason, attempts = @attempts, next_at = @next_at
WHERE subscriber = @subscriber AND message_id = @message_id;
GO

CREATE PROCEDURE dbo.dcp_parked_hold @subscriber NVARCHAR(300), @message_key NVARCHAR(200) AS
UPDATE dbo.dcp_parked SET next_at = NULL WHERE subscriber = @subscriber AND message_key = @message_key AND next_at IS NOT NULL;
GO

CREATE PROCEDURE dbo.dcp_parked_remove @subscriber NVARCHAR(300), @message_id NVARCHAR(36) AS
DELETE FROM dbo.dcp_parked WHERE subscriber = @subscriber AND message_id = @message_id;
GO

CREATE PROCEDURE dbo.dcp_parked_go_on @subscriber NVARCHAR(300), @message_key NVARCHAR(200), @now DATETIMEOFFSET(6) AS
UPDATE dbo.dcp_parked SET next_at = @now WHERE subscriber = @subscriber AND message_key = @message_key AND next_at IS NULL
    AND position = (SELECT MIN(f.position) FROM dbo.dcp_parked AS f WHERE f.subscriber = @subscriber AND f.message_key = @message_key)
    AND NOT EXISTS (SELECT 1 FROM dbo.dcp_dead_letter WHERE subscriber = @subscriber AND message_key = @message_key AND ordered = 1);
