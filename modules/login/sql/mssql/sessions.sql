CREATE PROCEDURE dbo.session_add
    @id NVARCHAR(64),
    @secret_hash NVARCHAR(64),
    @user_id NVARCHAR(64),
    @kind NVARCHAR(10),
    @name NVARCHAR(200),
    @now DATETIMEOFFSET(6),
    @expires_at DATETIMEOFFSET(6)
AS
INSERT INTO dbo.session (id, secret_hash, user_id, kind, name, created_at, seen_at, expires_at)
VALUES (@id, @secret_hash, @user_id, @kind, @name, @now, @now, @expires_at);
GO

-- returns id NVARCHAR(MAX), kind NVARCHAR(MAX), seen_at DATETIMEOFFSET(6), expires_at DATETIMEOFFSET(6), user_id NVARCHAR(MAX), login NVARCHAR(MAX), name NVARCHAR(MAX), grants NVARCHAR(MAX), must_change BIT
CREATE PROCEDURE dbo.session_by_secret
    @secret_hash NVARCHAR(64),
    @now DATETIMEOFFSET(6),
    @idle_since DATETIMEOFFSET(6)
AS
SELECT s.id, s.kind, s.seen_at, s.expires_at, a.user_id, a.login, a.name, a.grants, CAST(COALESCE(c.must_change, 0) AS BIT) AS must_change
FROM dbo.session s JOIN dbo.account a ON a.user_id = s.user_id LEFT JOIN dbo.credential c ON c.user_id = s.user_id
WHERE s.secret_hash = @secret_hash AND a.active = 1 AND s.expires_at > @now AND (s.kind = 'token' OR s.seen_at > @idle_since);
GO

-- returns id NVARCHAR(MAX), kind NVARCHAR(MAX), seen_at DATETIMEOFFSET(6), expires_at DATETIMEOFFSET(6), user_id NVARCHAR(MAX), login NVARCHAR(MAX), name NVARCHAR(MAX), grants NVARCHAR(MAX), must_change BIT
CREATE PROCEDURE dbo.session_by_id
    @id NVARCHAR(64)
AS
SELECT s.id, s.kind, s.seen_at, s.expires_at, a.user_id, a.login, a.name, a.grants, CAST(COALESCE(c.must_change, 0) AS BIT) AS must_change
FROM dbo.session s JOIN dbo.account a ON a.user_id = s.user_id LEFT JOIN dbo.credential c ON c.user_id = s.user_id WHERE s.id = @id;
GO

CREATE PROCEDURE dbo.session_seen
    @id NVARCHAR(64),
    @now DATETIMEOFFSET(6)
AS
UPDATE dbo.session SET seen_at = @now WHERE id = @id AND seen_at < @now;
GO

CREATE PROCEDURE dbo.session_end
    @id NVARCHAR(64),
    @user_id NVARCHAR(64),
    @kind NVARCHAR(10)
AS
DELETE FROM dbo.session WHERE id = @id AND user_id = @user_id AND kind = @kind;
GO

CREATE PROCEDURE dbo.sessions_end_of_user
    @user_id NVARCHAR(64),
    @keep NVARCHAR(64)
AS
DELETE FROM dbo.session WHERE user_id = @user_id AND id <> @keep;
GO

-- returns id NVARCHAR(MAX), name NVARCHAR(MAX), created_at DATETIMEOFFSET(6), seen_at DATETIMEOFFSET(6), expires_at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.tokens_of_user
    @user_id NVARCHAR(64),
    @now DATETIMEOFFSET(6)
AS
SELECT TOP (200) id, name, created_at, seen_at, expires_at FROM dbo.session
WHERE user_id = @user_id AND kind = 'token' AND expires_at > @now ORDER BY created_at, id;
GO

CREATE PROCEDURE dbo.sessions_prune
    @now DATETIMEOFFSET(6),
    @idle_since DATETIMEOFFSET(6)
AS
DELETE FROM dbo.session WHERE expires_at <= @now OR (kind = 'session' AND seen_at <= @idle_since);
GO
