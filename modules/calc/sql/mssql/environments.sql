CREATE PROCEDURE dbo.environment_add
    @fingerprint NVARCHAR(400),
    @facts NVARCHAR(MAX),
    @node NVARCHAR(400),
    @by_id NVARCHAR(400),
    @by_name NVARCHAR(400),
    @reason NVARCHAR(400),
    @now DATETIMEOFFSET(6)
AS
INSERT INTO dbo.environment (fingerprint, facts, node, by_id, by_name, at, reason)
SELECT @fingerprint, @facts, @node, @by_id, @by_name, @now, @reason
WHERE NOT EXISTS (SELECT 1 FROM dbo.environment WITH (UPDLOCK, HOLDLOCK) WHERE fingerprint = @fingerprint);
GO

-- returns fingerprint NVARCHAR(MAX), node NVARCHAR(MAX), by_id NVARCHAR(MAX), by_name NVARCHAR(MAX), at DATETIMEOFFSET(6), reason NVARCHAR(MAX)
CREATE PROCEDURE dbo.environments
AS
SELECT fingerprint, node, by_id, by_name, at, reason FROM dbo.environment ORDER BY at, fingerprint;
GO
