CREATE PROCEDURE dbo.person_add
    @id NVARCHAR(64),
    @login NVARCHAR(64),
    @name NVARCHAR(200),
    @email NVARCHAR(200),
    @now DATETIMEOFFSET(6)
AS
INSERT INTO dbo.person (id, login, name, email, active, created_at, changed_at) VALUES (@id, @login, @name, @email, 1, @now, @now);
GO

CREATE PROCEDURE dbo.person_update
    @id NVARCHAR(64),
    @name NVARCHAR(200),
    @email NVARCHAR(200),
    @active BIT,
    @now DATETIMEOFFSET(6)
AS
UPDATE dbo.person SET name = @name, email = @email, active = @active, changed_at = @now WHERE id = @id;
GO

CREATE PROCEDURE dbo.person_told
    @id NVARCHAR(64),
    @told NVARCHAR(MAX)
AS
UPDATE dbo.person SET told = @told WHERE id = @id;
GO

-- returns id NVARCHAR(MAX), login NVARCHAR(MAX), name NVARCHAR(MAX), email NVARCHAR(MAX), active BIT, created_at DATETIMEOFFSET(6), told NVARCHAR(MAX)
CREATE PROCEDURE dbo.person_by_id
    @id NVARCHAR(64)
AS
SELECT id, login, name, email, active, created_at, told FROM dbo.person WHERE id = @id;
GO

-- returns id NVARCHAR(MAX), login NVARCHAR(MAX), name NVARCHAR(MAX), email NVARCHAR(MAX), active BIT, created_at DATETIMEOFFSET(6), told NVARCHAR(MAX)
CREATE PROCEDURE dbo.people
AS
SELECT TOP (10000) id, login, name, email, active, created_at, told FROM dbo.person ORDER BY login;
GO

-- returns id NVARCHAR(MAX)
CREATE PROCEDURE dbo.people_with_role
    @role_id NVARCHAR(64)
AS
SELECT DISTINCT person_id AS id FROM dbo.role_grant WHERE role_id = @role_id ORDER BY person_id;
GO

-- returns person_id NVARCHAR(MAX), role_id NVARCHAR(MAX), site NVARCHAR(MAX)
CREATE PROCEDURE dbo.grants_of
    @person_id NVARCHAR(64)
AS
SELECT person_id, role_id, site FROM dbo.role_grant WHERE person_id = @person_id ORDER BY site, role_id;
GO

-- returns person_id NVARCHAR(MAX), role_id NVARCHAR(MAX), site NVARCHAR(MAX)
CREATE PROCEDURE dbo.grants
AS
SELECT person_id, role_id, site FROM dbo.role_grant ORDER BY person_id, site, role_id;
GO

-- returns person_id NVARCHAR(MAX), role_id NVARCHAR(MAX), site NVARCHAR(MAX)
CREATE PROCEDURE dbo.grants_of_active_everywhere
AS
SELECT g.person_id, g.role_id, g.site FROM dbo.role_grant g WITH (UPDLOCK, HOLDLOCK)
JOIN dbo.person p WITH (UPDLOCK, HOLDLOCK) ON p.id = g.person_id WHERE p.active = 1 AND g.site = '*';
GO

CREATE PROCEDURE dbo.grants_clear
    @person_id NVARCHAR(64)
AS
DELETE FROM dbo.role_grant WHERE person_id = @person_id;
GO

CREATE PROCEDURE dbo.grant_add
    @person_id NVARCHAR(64),
    @role_id NVARCHAR(64),
    @site NVARCHAR(64)
AS
INSERT INTO dbo.role_grant (person_id, role_id, site) VALUES (@person_id, @role_id, @site);
GO
