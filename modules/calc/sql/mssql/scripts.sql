CREATE PROCEDURE dbo.script_publish
    @name NVARCHAR(400),
    @version NVARCHAR(400),
    @source NVARCHAR(MAX),
    @functions NVARCHAR(MAX),
    @packages NVARCHAR(MAX),
    @by_id NVARCHAR(400),
    @by_name NVARCHAR(400),
    @now DATETIMEOFFSET(6)
AS
INSERT INTO dbo.script_version (name, version, source, functions, packages, published_by_id, published_by_name, published_at)
SELECT @name, @version, @source, @functions, @packages, @by_id, @by_name, @now
WHERE NOT EXISTS (SELECT 1 FROM dbo.script_version WITH (UPDLOCK, HOLDLOCK) WHERE name = @name AND version = @version);
UPDATE dbo.script WITH (UPDLOCK, HOLDLOCK) SET version = @version, changed_at = @now WHERE name = @name;
IF @@ROWCOUNT = 0 INSERT INTO dbo.script (name, version, changed_at) VALUES (@name, @version, @now);
GO

-- returns name NVARCHAR(MAX), version NVARCHAR(MAX), versions BIGINT
CREATE PROCEDURE dbo.script_heads
AS
SELECT s.name, s.version, COUNT_BIG(*) AS versions FROM dbo.script s JOIN dbo.script_version v ON v.name = s.name
GROUP BY s.name, s.version;
GO

-- returns name NVARCHAR(MAX), version NVARCHAR(MAX), source NVARCHAR(MAX), functions NVARCHAR(MAX), packages NVARCHAR(MAX), published_by_id NVARCHAR(MAX), published_by_name NVARCHAR(MAX), published_at DATETIMEOFFSET(6), effective BIT
CREATE PROCEDURE dbo.script_versions
AS
SELECT v.name, v.version, v.source, v.functions, v.packages, v.published_by_id, v.published_by_name, v.published_at,
    CAST(CASE WHEN v.version = s.version THEN 1 ELSE 0 END AS BIT) AS effective
FROM dbo.script_version v JOIN dbo.script s ON s.name = v.name ORDER BY v.name, v.published_at;
GO
