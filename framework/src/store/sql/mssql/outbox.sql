CREATE PROCEDURE dbo.dcp_outbox_add @id NVARCHAR(36), @destination NVARCHAR(400), @envelope NVARCHAR(MAX), @now DATETIMEOFFSET(6) AS
INSERT INTO dbo.dcp_outbox (id, destination, envelope, not_before) VALUES (@id, @destination, @envelope, @now);
GO

-- returns seq BIGINT, destination NVARCHAR(400), envelope NVARCHAR(MAX), attempts INT
CREATE PROCEDURE dbo.dcp_outbox_due @now DATETIMEOFFSET(6), @count INT AS
SELECT TOP (@count) seq, destination, envelope, attempts FROM dbo.dcp_outbox WHERE not_before <= @now ORDER BY seq;
GO

CREATE PROCEDURE dbo.dcp_outbox_sent @seqs NVARCHAR(MAX) AS
DELETE FROM dbo.dcp_outbox WHERE seq IN (SELECT CAST(value AS BIGINT) FROM OPENJSON(@seqs));
GO

CREATE PROCEDURE dbo.dcp_outbox_postpone @seq BIGINT, @not_before DATETIMEOFFSET(6) AS
UPDATE dbo.dcp_outbox SET not_before = @not_before, attempts = attempts + 1 WHERE seq = @seq;
GO

-- returns waiting BIGINT, next_at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.dcp_outbox_next AS
SELECT COUNT_BIG(*) AS waiting, MIN(not_before) AS next_at FROM dbo.dcp_outbox;
