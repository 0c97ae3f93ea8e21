CREATE PROCEDURE dbo.site_put
    @id NVARCHAR(64),
    @name NVARCHAR(200),
    @country NVARCHAR(2),
    @time_zone NVARCHAR(64)
AS
UPDATE dbo.site WITH (UPDLOCK, HOLDLOCK) SET name = @name, country = @country, time_zone = @time_zone WHERE id = @id;
IF @@ROWCOUNT = 0
    INSERT INTO dbo.site (id, name, country, time_zone) VALUES (@id, @name, @country, @time_zone);
GO

CREATE PROCEDURE dbo.data_source_put
    @id NVARCHAR(64),
    @site NVARCHAR(64),
    @name NVARCHAR(200),
    @kind NVARCHAR(40),
    @url NVARCHAR(400),
    @asset_server NVARCHAR(200),
    @asset_database NVARCHAR(200),
    @data_server NVARCHAR(200),
    @credentials NVARCHAR(200),
    @ca_file NVARCHAR(400) = NULL
AS
UPDATE dbo.data_source WITH (UPDLOCK, HOLDLOCK)
SET site = @site, name = @name, kind = @kind, url = @url, asset_server = @asset_server, asset_database = @asset_database,
    data_server = @data_server, credentials = @credentials, ca_file = @ca_file WHERE id = @id;
IF @@ROWCOUNT = 0
    INSERT INTO dbo.data_source (id, site, name, kind, url, asset_server, asset_database, data_server, credentials, ca_file)
    VALUES (@id, @site, @name, @kind, @url, @asset_server, @asset_database, @data_server, @credentials, @ca_file);
GO

-- returns id NVARCHAR(MAX), name NVARCHAR(MAX), country NVARCHAR(MAX), time_zone NVARCHAR(MAX), data_sources BIGINT
CREATE PROCEDURE dbo.sites
AS
SELECT TOP (1000) s.id, s.name, s.country, s.time_zone,
    (SELECT COUNT_BIG(*) FROM dbo.data_source d WHERE d.site = s.id) AS data_sources
FROM dbo.site s ORDER BY s.name;
GO

-- returns id NVARCHAR(MAX), site NVARCHAR(MAX), name NVARCHAR(MAX), kind NVARCHAR(MAX), url NVARCHAR(MAX), asset_server NVARCHAR(MAX), database NVARCHAR(MAX), data_server NVARCHAR(MAX), credentials NVARCHAR(MAX), ca_file NVARCHAR(MAX)
CREATE PROCEDURE dbo.data_sources
AS
SELECT TOP (1000) id, site, name, kind, url, asset_server, asset_database AS [database], data_server, credentials, ca_file FROM dbo.data_source
ORDER BY site, name;
GO
