CREATE PROCEDURE dbo.role_add
    @id NVARCHAR(64),
    @name NVARCHAR(100),
    @description NVARCHAR(400),
    @permissions NVARCHAR(MAX),
    @now DATETIMEOFFSET(6)
AS
INSERT INTO dbo.role (id, name, description, permissions, changed_at) VALUES (@id, @name, @description, @permissions, @now);
GO

CREATE PROCEDURE dbo.role_update
    @id NVARCHAR(64),
    @name NVARCHAR(100),
    @description NVARCHAR(400),
    @permissions NVARCHAR(MAX),
    @now DATETIMEOFFSET(6)
AS
UPDATE dbo.role SET name = @name, description = @description, permissions = @permissions, changed_at = @now WHERE id = @id;
GO

-- returns id NVARCHAR(MAX), name NVARCHAR(MAX), description NVARCHAR(MAX), permissions NVARCHAR(MAX)
CREATE PROCEDURE dbo.roles
AS
SELECT TOP (1000) id, name, description, permissions FROM dbo.role ORDER BY name;
GO
