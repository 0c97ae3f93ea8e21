CREATE PROCEDURE dbo.dcp_dead_letter_add @subscriber NVARCHAR(300), @message_id NVARCHAR(36), @envelope NVARCHAR(MAX),
    @reason NVARCHAR(MAX), @attempts INT, @now DATETIMEOFFSET(6) AS
IF NOT EXISTS (SELECT 1 FROM dbo.dcp_dead_letter WITH (UPDLOCK, HOLDLOCK) WHERE subscriber = @subscriber AND message_id = @message_id)
    INSERT INTO dbo.dcp_dead_letter (subscriber, message_id, envelope, reason, attempts, at)
    VALUES (@subscriber, @message_id, @envelope, @reason, @attempts, @now);
ELSE
    UPDATE dbo.dcp_dead_letter SET reason = @reason, attempts = @attempts, at = @now
    WHERE subscriber = @subscriber AND message_id = @message_id;
GO

-- returns subscriber NVARCHAR(300), message_id NVARCHAR(36), envelope NVARCHAR(MAX), reason NVARCHAR(MAX), attempts INT, at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.dcp_dead_letters @subscriber NVARCHAR(300) = NULL, @count INT AS
SELECT TOP (@count) subscriber, message_id, envelope, reason, attempts, at FROM dbo.dcp_dead_letter
WHERE @subscriber IS NULL OR subscriber = @subscriber ORDER BY at, message_id;
GO

CREATE PROCEDURE dbo.dcp_dead_letter_remove @subscriber NVARCHAR(300), @message_id NVARCHAR(36) AS
DELETE FROM dbo.dcp_dead_letter WHERE subscriber = @subscriber AND message_id = @message_id;
