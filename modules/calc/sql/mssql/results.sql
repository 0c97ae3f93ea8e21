CREATE PROCEDURE dbo.result_add
    @result_key NVARCHAR(400),
    @value NVARCHAR(MAX),
    @size BIGINT,
    @stays BIT,
    @now DATETIMEOFFSET(6)
AS
UPDATE dbo.result WITH (UPDLOCK, HOLDLOCK) SET stays = stays | @stays, used_at = @now WHERE result_key = @result_key;
IF @@ROWCOUNT = 0 INSERT INTO dbo.result (result_key, value, size, stays, used_at) VALUES (@result_key, @value, @size, @stays, @now);
GO

-- returns value NVARCHAR(MAX)
CREATE PROCEDURE dbo.result_by_key
    @result_key NVARCHAR(400)
AS
SELECT value FROM dbo.result WHERE result_key = @result_key;
GO

-- returns call_id NVARCHAR(MAX), started_at DATETIMEOFFSET(6), result_key NVARCHAR(MAX), value NVARCHAR(MAX)
CREATE PROCEDURE dbo.result_of_computation
    @computation_key NVARCHAR(400)
AS
SELECT TOP (1) c.id AS call_id, c.started_at, r.result_key, r.value
FROM dbo.call c JOIN dbo.result r ON r.result_key = c.result_key
WHERE c.computation_key = @computation_key ORDER BY c.started_at;
GO

CREATE PROCEDURE dbo.results_prune
    @before DATETIMEOFFSET(6),
    @count BIGINT
AS
DELETE FROM dbo.result WHERE result_key IN (
    SELECT TOP (@count) result_key FROM dbo.result WHERE stays = 0 AND used_at < @before ORDER BY used_at);
GO
