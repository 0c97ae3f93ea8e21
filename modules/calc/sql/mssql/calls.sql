CREATE PROCEDURE dbo.calls_add
    @calls NVARCHAR(MAX)
AS
INSERT INTO dbo.call (id, script, version, [function], site, requested_by_id, requested_by_name, asked_by, started_at, duration_ms,
    computation_key, result_key, failure, draft, notes, outcome, arguments)
SELECT n.id, n.script, n.version, n.[function], n.site, n.requested_by_id, n.requested_by_name, n.asked_by, n.started_at, n.duration_ms,
    n.computation_key, n.result_key, n.failure, n.draft, n.notes, n.outcome, n.arguments
FROM OPENJSON(@calls) WITH (
    id NVARCHAR(100), script NVARCHAR(100), version NVARCHAR(64), [function] NVARCHAR(400), site NVARCHAR(100),
    requested_by_id NVARCHAR(400), requested_by_name NVARCHAR(400), asked_by NVARCHAR(100), started_at DATETIMEOFFSET(6),
    duration_ms FLOAT, computation_key NVARCHAR(64), result_key NVARCHAR(64), failure NVARCHAR(100), draft BIT,
    notes NVARCHAR(MAX) AS JSON, outcome NVARCHAR(MAX) AS JSON, arguments NVARCHAR(MAX) AS JSON) n
WHERE NOT EXISTS (SELECT 1 FROM dbo.call c WITH (UPDLOCK, HOLDLOCK) WHERE c.id = n.id);
GO

CREATE PROCEDURE dbo.call_inputs_add
    @inputs NVARCHAR(MAX)
AS
INSERT INTO dbo.call_input (call_id, result_key)
SELECT DISTINCT n.call_id, n.result_key FROM OPENJSON(@inputs) WITH (call_id NVARCHAR(100), result_key NVARCHAR(64)) n
WHERE NOT EXISTS (SELECT 1 FROM dbo.call_input i WITH (UPDLOCK, HOLDLOCK) WHERE i.call_id = n.call_id AND i.result_key = n.result_key);
GO

CREATE PROCEDURE dbo.call_arguments_add
    @arguments NVARCHAR(MAX)
AS
INSERT INTO dbo.call_argument (call_id, result_key)
SELECT DISTINCT n.call_id, n.result_key FROM OPENJSON(@arguments) WITH (call_id NVARCHAR(100), result_key NVARCHAR(64)) n
WHERE NOT EXISTS (SELECT 1 FROM dbo.call_argument a WITH (UPDLOCK, HOLDLOCK) WHERE a.call_id = n.call_id AND a.result_key = n.result_key);
GO

-- returns outcome NVARCHAR(MAX)
CREATE PROCEDURE dbo.call_outcome
    @id NVARCHAR(400)
AS
SELECT outcome FROM dbo.call WHERE id = @id AND outcome IS NOT NULL;
GO

-- returns id NVARCHAR(MAX), script NVARCHAR(MAX), version NVARCHAR(MAX), function NVARCHAR(MAX), requested_by_id NVARCHAR(MAX), requested_by_name NVARCHAR(MAX), asked_by NVARCHAR(MAX), started_at DATETIMEOFFSET(6), duration_ms FLOAT, computation_key NVARCHAR(MAX), result_key NVARCHAR(MAX), failure NVARCHAR(MAX), draft BIT, notes NVARCHAR(MAX)
CREATE PROCEDURE dbo.calls_recent
    @by_id NVARCHAR(400) = NULL,
    @count BIGINT
AS
SELECT TOP (@count) c.id, c.script, c.version, c.[function], c.requested_by_id, c.requested_by_name, c.asked_by, c.started_at, c.duration_ms,
    c.computation_key, c.result_key, c.failure, c.draft, c.notes
FROM dbo.call c WHERE @by_id IS NULL OR c.requested_by_id = @by_id ORDER BY c.started_at DESC OPTION (RECOMPILE);
GO

-- returns id NVARCHAR(MAX), script NVARCHAR(MAX), version NVARCHAR(MAX), function NVARCHAR(MAX), requested_by_id NVARCHAR(MAX), requested_by_name NVARCHAR(MAX), asked_by NVARCHAR(MAX), started_at DATETIMEOFFSET(6), duration_ms FLOAT, computation_key NVARCHAR(MAX), result_key NVARCHAR(MAX), failure NVARCHAR(MAX), draft BIT, notes NVARCHAR(MAX)
CREATE PROCEDURE dbo.call_by_id
    @id NVARCHAR(400)
AS
SELECT c.id, c.script, c.version, c.[function], c.requested_by_id, c.requested_by_name, c.asked_by, c.started_at, c.duration_ms,
    c.computation_key, c.result_key, c.failure, c.draft, c.notes
FROM dbo.call c WHERE c.id = @id;
GO

-- returns id NVARCHAR(MAX), script NVARCHAR(MAX), version NVARCHAR(MAX), function NVARCHAR(MAX), requested_by_id NVARCHAR(MAX), requested_by_name NVARCHAR(MAX), asked_by NVARCHAR(MAX), started_at DATETIMEOFFSET(6), duration_ms FLOAT, computation_key NVARCHAR(MAX), result_key NVARCHAR(MAX), failure NVARCHAR(MAX), draft BIT, notes NVARCHAR(MAX)
CREATE PROCEDURE dbo.calls_of_result
    @result_key NVARCHAR(400),
    @count BIGINT
AS
SELECT TOP (@count) c.id, c.script, c.version, c.[function], c.requested_by_id, c.requested_by_name, c.asked_by, c.started_at, c.duration_ms,
    c.computation_key, c.result_key, c.failure, c.draft, c.notes
FROM dbo.call c WHERE c.result_key = @result_key ORDER BY c.started_at;
GO

-- returns id NVARCHAR(MAX), script NVARCHAR(MAX), version NVARCHAR(MAX), function NVARCHAR(MAX), requested_by_id NVARCHAR(MAX), requested_by_name NVARCHAR(MAX), asked_by NVARCHAR(MAX), started_at DATETIMEOFFSET(6), duration_ms FLOAT, computation_key NVARCHAR(MAX), result_key NVARCHAR(MAX), failure NVARCHAR(MAX), draft BIT, notes NVARCHAR(MAX)
CREATE PROCEDURE dbo.calls_with_input
    @result_key NVARCHAR(400),
    @count BIGINT
AS
SELECT TOP (@count) c.id, c.script, c.version, c.[function], c.requested_by_id, c.requested_by_name, c.asked_by, c.started_at, c.duration_ms,
    c.computation_key, c.result_key, c.failure, c.draft, c.notes
FROM dbo.call_input i JOIN dbo.call c ON c.id = i.call_id WHERE i.result_key = @result_key ORDER BY c.started_at;
GO

-- returns result_key NVARCHAR(MAX)
CREATE PROCEDURE dbo.inputs_of_call
    @call_id NVARCHAR(400)
AS
SELECT result_key FROM dbo.call_input WHERE call_id = @call_id ORDER BY result_key;
GO

-- returns result_key NVARCHAR(MAX)
CREATE PROCEDURE dbo.inputs_of_result
    @result_key NVARCHAR(400)
AS
SELECT DISTINCT i.result_key FROM dbo.call c JOIN dbo.call_input i ON i.call_id = c.id WHERE c.result_key = @result_key ORDER BY i.result_key;
GO

-- returns result_key NVARCHAR(MAX)
CREATE PROCEDURE dbo.arguments_of_result
    @result_key NVARCHAR(400)
AS
SELECT DISTINCT a.result_key FROM dbo.call c JOIN dbo.call_argument a ON a.call_id = c.id WHERE c.result_key = @result_key ORDER BY a.result_key;
GO

CREATE PROCEDURE dbo.calls_prune
    @before DATETIMEOFFSET(6),
    @count BIGINT
AS
DECLARE @old TABLE (id NVARCHAR(100) NOT NULL PRIMARY KEY);
INSERT INTO @old (id)
SELECT TOP (@count) id FROM dbo.call c
WHERE asked_by = N'http' AND started_at < @before AND NOT EXISTS (SELECT 1 FROM dbo.result r WHERE r.result_key = c.result_key)
ORDER BY started_at, id;
DELETE FROM dbo.call_argument WHERE call_id IN (SELECT id FROM @old);
DELETE FROM dbo.call_input WHERE call_id IN (SELECT id FROM @old);
DELETE FROM dbo.call WHERE id IN (SELECT id FROM @old);
GO
