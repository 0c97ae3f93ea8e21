CREATE PROCEDURE dbo.account_put
    @user_id NVARCHAR(64),
    @login NVARCHAR(64),
    @name NVARCHAR(200),
    @active BIT,
    @grants NVARCHAR(MAX),
    @changed_at DATETIMEOFFSET(6)
AS
UPDATE dbo.account WITH (UPDLOCK, HOLDLOCK)
SET login = @login, name = @name, active = @active, grants = @grants, changed_at = @changed_at WHERE user_id = @user_id;
IF @@ROWCOUNT = 0
    INSERT INTO dbo.account (user_id, login, name, active, grants, changed_at)
    VALUES (@user_id, @login, @name, @active, @grants, @changed_at);
GO

-- returns user_id NVARCHAR(MAX), login NVARCHAR(MAX), name NVARCHAR(MAX), active BIT, grants NVARCHAR(MAX), password_hash NVARCHAR(MAX), must_change BIT
CREATE PROCEDURE dbo.account_by_login
    @login NVARCHAR(64)
AS
SELECT a.user_id, a.login, a.name, a.active, a.grants, c.password_hash, CAST(COALESCE(c.must_change, 0) AS BIT) AS must_change
FROM dbo.account a LEFT JOIN dbo.credential c ON c.user_id = a.user_id WHERE a.login = @login;
GO

-- returns user_id NVARCHAR(MAX), login NVARCHAR(MAX), name NVARCHAR(MAX), active BIT, grants NVARCHAR(MAX), password_hash NVARCHAR(MAX), must_change BIT
CREATE PROCEDURE dbo.account_by_id
    @user_id NVARCHAR(64)
AS
SELECT a.user_id, a.login, a.name, a.active, a.grants, c.password_hash, CAST(COALESCE(c.must_change, 0) AS BIT) AS must_change
FROM dbo.account a LEFT JOIN dbo.credential c ON c.user_id = a.user_id WHERE a.user_id = @user_id;
GO

CREATE PROCEDURE dbo.credential_put
    @user_id NVARCHAR(64),
    @password_hash NVARCHAR(400),
    @must_change BIT,
    @now DATETIMEOFFSET(6)
AS
UPDATE dbo.credential WITH (UPDLOCK, HOLDLOCK)
SET password_hash = @password_hash, must_change = @must_change, changed_at = @now WHERE user_id = @user_id;
IF @@ROWCOUNT = 0
    INSERT INTO dbo.credential (user_id, password_hash, must_change, changed_at) VALUES (@user_id, @password_hash, @must_change, @now);
GO

CREATE PROCEDURE dbo.activation_put
    @user_id NVARCHAR(64),
    @code_hash NVARCHAR(64),
    @expires_at DATETIMEOFFSET(6)
AS
UPDATE dbo.activation WITH (UPDLOCK, HOLDLOCK) SET code_hash = @code_hash, expires_at = @expires_at WHERE user_id = @user_id;
IF @@ROWCOUNT = 0
    INSERT INTO dbo.activation (user_id, code_hash, expires_at) VALUES (@user_id, @code_hash, @expires_at);
GO

CREATE PROCEDURE dbo.activation_take
    @user_id NVARCHAR(64),
    @code_hash NVARCHAR(64),
    @now DATETIMEOFFSET(6)
AS
DELETE FROM dbo.activation WHERE user_id = @user_id AND code_hash = @code_hash AND expires_at > @now;
GO
