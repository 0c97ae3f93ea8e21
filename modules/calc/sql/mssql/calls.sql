CREATE PROCEDURE dbo.calls_add
    @calls NVARCHAR(MAX)
AS
INSERT INTO dbo.call (id, script, version, [function], site, requested_by_id, requested_by_name, asked_by, started_at, duration_ms,
    computation_key, result_key, failure, outcome)
SELECT n.id, n.script, n.version, n.[function], n.site, n.requested_by_id, n.requested_by_name, n.asked_by, n.started_at, n.duration_ms,
    n.computation_key, n.result_key, n.failure, n.outcome
FROM OPENJSON(@calls) WITH (
    id NVARCHAR(100), script NVARCHAR(100), version NVARCHAR(64), [function] NVARCHAR(400), site NVARCHAR(100),
    requested_by_id NVARCHAR(400), requested_by_name NVARCHAR(400), asked_by NVARCHAR(100), started_at DATETIMEOFFSET(6),
    duration_ms FLOAT, computation_key NVARCHAR(64), result_key NVARCHAR(64), failure NVARCHAR(100), outcome NVARCHAR(MAX) AS JSON) n
WHERE NOT EXISTS (SELECT 1 FROM dbo.call c WITH (UPDLOCK, HOLDLOCK) WHERE c.id = n.id);
GO

-- returns outcome NVARCHAR(MAX)
CREATE PROCEDURE dbo.call_outcome
    @id NVARCHAR(400)
AS
SELECT outcome FROM dbo.call WHERE id = @id AND outcome IS NOT NULL;
GO

CREATE PROCEDURE dbo.calls_prune
    @before DATETIMEOFFSET(6),
    @count BIGINT
AS
DELETE FROM dbo.call WHERE id IN (
    SELECT TOP (@count) id FROM dbo.call WHERE asked_by = N'http' AND started_at < @before ORDER BY started_at);
GO
