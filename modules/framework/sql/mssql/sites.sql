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

-- returns id NVARCHAR(MAX), name NVARCHAR(MAX), country NVARCHAR(MAX), time_zone NVARCHAR(MAX), data_sources BIGINT
CREATE PROCEDURE dbo.sites
AS
SELECT TOP (1000) s.id, s.name, s.country, s.time_zone,
    (SELECT COUNT_BIG(*) FROM dbo.data_source d WHERE d.site = s.id AND d.removed = 0) AS data_sources
FROM dbo.site s ORDER BY s.name;
GO
