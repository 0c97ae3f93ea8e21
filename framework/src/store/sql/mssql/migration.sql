-- returns owner NVARCHAR(100), version BIGINT, name NVARCHAR(200), checksum NVARCHAR(64)
CREATE PROCEDURE dbo.dcp_migrations AS
SELECT owner, version, name, checksum FROM dbo.dcp_migration ORDER BY owner, version;
GO
