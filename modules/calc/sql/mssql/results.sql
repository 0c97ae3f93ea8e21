CREATE PROCEDURE dbo.result_add
    @result_key NVARCHAR(400),
    @value NVARCHAR(MAX),
    @size BIGINT,
    @media_type NVARCHAR(400),
    @draft BIT,
    @class BIGINT,
    @now DATETIMEOFFSET(6)
AS
UPDATE dbo.result WITH (UPDLOCK, HOLDLOCK) SET class = IIF(class < @class, @class, class), draft = draft & @draft, used_at = @now WHERE result_key = @result_key;
IF @@ROWCOUNT = 0 INSERT INTO dbo.result (result_key, value, size, media_type, draft, class, used_at)
VALUES (@result_key, @value, @size, @media_type, @draft, @class, @now);
GO

-- returns value NVARCHAR(MAX), media_type NVARCHAR(MAX), draft BIT
CREATE PROCEDURE dbo.result_by_key
    @result_key NVARCHAR(400)
AS
SELECT value, media_type, draft FROM dbo.result WHERE result_key = @result_key;
GO

-- returns call_id NVARCHAR(MAX), started_at DATETIMEOFFSET(6), requested_by_name NVARCHAR(MAX), result_key NVARCHAR(MAX), notes NVARCHAR(MAX), value NVARCHAR(MAX)
CREATE PROCEDURE dbo.result_of_computation
    @computation_key NVARCHAR(400)
AS
SELECT TOP (1) c.id AS call_id, c.started_at, c.requested_by_name, r.result_key, c.notes, r.value
FROM dbo.call c JOIN dbo.result r ON r.result_key = c.result_key
WHERE c.computation_key = @computation_key AND c.result_key IS NOT NULL AND c.draft = 0
    AND NOT EXISTS (SELECT 1 FROM dbo.deviation d WHERE d.computation_key = @computation_key)
ORDER BY c.started_at;
GO

CREATE PROCEDURE dbo.deviation_add
    @call_id NVARCHAR(400),
    @computation_key NVARCHAR(400),
    @script NVARCHAR(400),
    @version NVARCHAR(400),
    @function NVARCHAR(400),
    @before_call_id NVARCHAR(400),
    @before_key NVARCHAR(400),
    @after_key NVARCHAR(400),
    @by_id NVARCHAR(400),
    @by_name NVARCHAR(400),
    @now DATETIMEOFFSET(6),
    @node NVARCHAR(400)
AS
INSERT INTO dbo.deviation (call_id, computation_key, script, version, [function], before_call_id, before_key, after_key, by_id, by_name, at, node)
VALUES (@call_id, @computation_key, @script, @version, @function, @before_call_id, @before_key, @after_key, @by_id, @by_name, @now, @node);
GO
