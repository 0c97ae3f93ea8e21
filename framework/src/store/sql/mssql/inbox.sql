CREATE PROCEDURE dbo.dcp_inbox_add @subscriber NVARCHAR(300), @message_id NVARCHAR(36), @now DATETIMEOFFSET(6) AS
INSERT INTO dbo.dcp_inbox (subscriber, message_id, at)
SELECT @subscriber, @message_id, @now
WHERE NOT EXISTS (SELECT 1 FROM dbo.dcp_inbox WITH (UPDLOCK, HOLDLOCK) WHERE subscriber = @subscriber AND message_id = @message_id);
GO

-- returns found INT
CREATE PROCEDURE dbo.dcp_inbox_has @subscriber NVARCHAR(300), @message_id NVARCHAR(36) AS
SELECT COUNT(*) AS found FROM dbo.dcp_inbox WHERE subscriber = @subscriber AND message_id = @message_id;
GO

CREATE PROCEDURE dbo.dcp_inbox_prune @before DATETIMEOFFSET(6), @count INT AS
DELETE TOP (@count) FROM dbo.dcp_inbox WHERE at < @before;
