CREATE PROCEDURE dbo.data_source_add
    @id NVARCHAR(64),
    @site NVARCHAR(64),
    @name NVARCHAR(200),
    @kind NVARCHAR(40),
    @url NVARCHAR(400),
    @asset_server NVARCHAR(200),
    @asset_database NVARCHAR(200),
    @data_server NVARCHAR(200),
    @credentials NVARCHAR(200),
    @ca_file NVARCHAR(400) = NULL,
    @from_file BIT
AS
INSERT INTO dbo.data_source (id, site, name, kind, url, asset_server, asset_database, data_server, credentials, ca_file, from_file, removed, version)
VALUES (@id, @site, @name, @kind, @url, @asset_server, @asset_database, @data_server, @credentials, @ca_file, @from_file, 0, 1);
GO

CREATE PROCEDURE dbo.data_source_replace
    @id NVARCHAR(64),
    @seen BIGINT,
    @site NVARCHAR(64),
    @name NVARCHAR(200),
    @url NVARCHAR(400),
    @asset_server NVARCHAR(200),
    @asset_database NVARCHAR(200),
    @data_server NVARCHAR(200),
    @credentials NVARCHAR(200),
    @ca_file NVARCHAR(400) = NULL,
    @from_file BIT,
    @removed BIT
AS
UPDATE dbo.data_source SET site = @site, name = @name, url = @url, asset_server = @asset_server, asset_database = @asset_database,
    data_server = @data_server, credentials = @credentials, ca_file = @ca_file, from_file = @from_file, removed = @removed, version = version + 1
WHERE id = @id AND version = @seen;
GO

CREATE PROCEDURE dbo.data_source_noted
    @source NVARCHAR(64),
    @site NVARCHAR(64),
    @version BIGINT,
    @action NVARCHAR(16),
    @reason NVARCHAR(1000),
    @answered BIT = NULL,
    @by_id NVARCHAR(64),
    @by_name NVARCHAR(200),
    @at DATETIMEOFFSET(6),
    @state NVARCHAR(MAX)
AS
INSERT INTO dbo.data_source_change (source, site, version, action, reason, answered, by_id, by_name, at, state)
VALUES (@source, @site, @version, @action, @reason, @answered, @by_id, @by_name, @at, @state);
GO

-- returns id NVARCHAR(MAX), site NVARCHAR(MAX), name NVARCHAR(MAX), kind NVARCHAR(MAX), url NVARCHAR(MAX), asset_server NVARCHAR(MAX), database NVARCHAR(MAX), data_server NVARCHAR(MAX), credentials NVARCHAR(MAX), ca_file NVARCHAR(MAX), from_file BIT, removed BIT, version BIGINT
CREATE PROCEDURE dbo.data_sources
    @removed BIT
AS
SELECT TOP (1000) id, site, name, kind, url, asset_server, asset_database AS [database], data_server, credentials, ca_file, from_file, removed, version
FROM dbo.data_source WHERE removed = 0 OR @removed = 1
ORDER BY site, name;
GO

-- returns seq BIGINT, source NVARCHAR(MAX), version BIGINT, action NVARCHAR(MAX), reason NVARCHAR(MAX), answered BIT, by_id NVARCHAR(MAX), by_name NVARCHAR(MAX), at DATETIMEOFFSET(6), state NVARCHAR(MAX), former NVARCHAR(MAX)
CREATE PROCEDURE dbo.data_source_changes
    @site NVARCHAR(64),
    @before BIGINT,
    @count BIGINT
AS
SELECT TOP (@count) change.seq, change.source, change.version, change.action, change.reason, change.answered, change.by_id, change.by_name,
    change.at, change.state, earlier.state AS former
FROM dbo.data_source_change AS change
LEFT JOIN dbo.data_source_change AS earlier ON earlier.source = change.source AND earlier.version = change.version - 1
WHERE change.site = @site AND change.seq < @before
ORDER BY change.seq DESC;
GO

-- returns state NVARCHAR(MAX)
CREATE PROCEDURE dbo.data_source_state
    @source NVARCHAR(64),
    @site NVARCHAR(64),
    @version BIGINT
AS
SELECT state FROM dbo.data_source_change WHERE source = @source AND site = @site AND version = @version;
GO
