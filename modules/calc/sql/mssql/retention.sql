-- returns class BIGINT, size BIGINT, media_type NVARCHAR(MAX), draft BIT, used_at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.result_facts
    @result_key NVARCHAR(400)
AS
SELECT class, size, media_type, draft, used_at FROM dbo.result WHERE result_key = @result_key;
GO

-- returns result_key NVARCHAR(MAX)
CREATE PROCEDURE dbo.results_known
    @keys NVARCHAR(MAX)
AS
SELECT result_key FROM dbo.result WHERE result_key IN (SELECT CONVERT(NVARCHAR(64), value) FROM OPENJSON(@keys));
GO

CREATE PROCEDURE dbo.results_used
    @keys NVARCHAR(MAX),
    @class BIGINT,
    @now DATETIMEOFFSET(6),
    @before DATETIMEOFFSET(6)
AS
UPDATE dbo.result SET used_at = @now, class = IIF(class < @class, @class, class)
WHERE result_key IN (SELECT CONVERT(NVARCHAR(64), value) FROM OPENJSON(@keys)) AND (used_at < @before OR class < @class);
GO

CREATE PROCEDURE dbo.result_retained
    @result_key NVARCHAR(400),
    @by_id NVARCHAR(400),
    @by_name NVARCHAR(400),
    @reason NVARCHAR(MAX),
    @now DATETIMEOFFSET(6)
AS
INSERT INTO dbo.retention (result_key, by_id, by_name, at, reason)
SELECT result_key, @by_id, @by_name, @now, @reason FROM dbo.result WITH (UPDLOCK, HOLDLOCK) WHERE result_key = @result_key;
UPDATE dbo.result SET class = 2 WHERE result_key = @result_key;
GO

-- returns by_id NVARCHAR(MAX), by_name NVARCHAR(MAX), at DATETIMEOFFSET(6), reason NVARCHAR(MAX)
CREATE PROCEDURE dbo.retentions_of
    @result_key NVARCHAR(400)
AS
SELECT by_id, by_name, at, reason FROM dbo.retention WHERE result_key = @result_key ORDER BY id;
GO

CREATE PROCEDURE dbo.results_prune
    @ephemeral_before DATETIMEOFFSET(6),
    @session_before DATETIMEOFFSET(6),
    @now DATETIMEOFFSET(6),
    @count BIGINT
AS
DECLARE @old TABLE (result_key NVARCHAR(64) NOT NULL PRIMARY KEY);
INSERT INTO @old (result_key)
SELECT TOP (@count) result_key FROM dbo.result WITH (UPDLOCK, HOLDLOCK)
WHERE class < 2 AND ((class = 0 AND used_at < @ephemeral_before) OR (class = 1 AND used_at < @session_before))
    AND media_type <> N'application/vnd.dcp.argument+json' ORDER BY used_at, result_key;
DELETE FROM dbo.pruned WHERE result_key IN (SELECT result_key FROM @old);
INSERT INTO dbo.pruned (result_key, at, why) SELECT result_key, @now, N'age' FROM @old;
DELETE FROM dbo.result WHERE result_key IN (SELECT result_key FROM @old);
GO

CREATE PROCEDURE dbo.results_prune_size
    @bytes BIGINT,
    @now DATETIMEOFFSET(6),
    @count BIGINT
AS
DECLARE @old TABLE (result_key NVARCHAR(64) NOT NULL PRIMARY KEY);
INSERT INTO @old (result_key)
SELECT TOP (@count) result_key FROM (
    SELECT result_key, used_at, class, SUM(size) OVER (ORDER BY class DESC, CASE WHEN media_type = N'application/vnd.dcp.argument+json' THEN 1 ELSE 0 END, used_at DESC, result_key ROWS UNBOUNDED PRECEDING) AS together
    FROM dbo.result WITH (UPDLOCK, HOLDLOCK) WHERE class < 2) AS kept
WHERE together > @bytes ORDER BY class, used_at, result_key DESC;
DELETE FROM dbo.pruned WHERE result_key IN (SELECT result_key FROM @old);
INSERT INTO dbo.pruned (result_key, at, why) SELECT result_key, @now, N'size' FROM @old;
DELETE FROM dbo.result WHERE result_key IN (SELECT result_key FROM @old);
GO

CREATE PROCEDURE dbo.arguments_prune
    @count BIGINT
AS
DECLARE @old TABLE (result_key NVARCHAR(64) NOT NULL PRIMARY KEY);
INSERT INTO @old (result_key)
SELECT TOP (@count) result_key FROM dbo.result r WITH (UPDLOCK, HOLDLOCK)
WHERE media_type = N'application/vnd.dcp.argument+json' AND class < 2 AND NOT EXISTS (SELECT 1 FROM dbo.call_argument a WHERE a.result_key = r.result_key)
ORDER BY result_key;
DELETE FROM dbo.result WHERE result_key IN (SELECT result_key FROM @old);
GO

-- returns at DATETIMEOFFSET(6), why NVARCHAR(MAX)
CREATE PROCEDURE dbo.pruned_result
    @result_key NVARCHAR(400)
AS
SELECT at, why FROM dbo.pruned WHERE result_key = @result_key;
GO

CREATE PROCEDURE dbo.pruned_forget
    @before DATETIMEOFFSET(6),
    @count BIGINT
AS
DELETE FROM dbo.pruned WHERE result_key IN (SELECT TOP (@count) result_key FROM dbo.pruned WHERE at < @before ORDER BY at, result_key);
GO

-- returns id NVARCHAR(MAX), script NVARCHAR(MAX), version NVARCHAR(MAX), function NVARCHAR(MAX), draft BIT, computation_key NVARCHAR(MAX), arguments NVARCHAR(MAX)
CREATE PROCEDURE dbo.maker_of_result
    @result_key NVARCHAR(400)
AS
SELECT TOP (1) id, script, version, [function], draft, computation_key, arguments FROM dbo.call
WHERE result_key = @result_key ORDER BY IIF(arguments IS NULL, 1, 0), draft, started_at;
GO
