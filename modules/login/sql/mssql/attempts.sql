-- returns failures BIGINT, not_before DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.attempt_of
    @subject NVARCHAR(200),
    @since DATETIMEOFFSET(6)
AS
SELECT failures, not_before FROM dbo.attempt WITH (UPDLOCK, HOLDLOCK) WHERE subject = @subject AND last_at > @since;
GO

CREATE PROCEDURE dbo.attempt_put
    @subject NVARCHAR(200),
    @failures BIGINT,
    @now DATETIMEOFFSET(6),
    @not_before DATETIMEOFFSET(6)
AS
UPDATE dbo.attempt WITH (UPDLOCK, HOLDLOCK) SET failures = @failures, last_at = @now, not_before = @not_before WHERE subject = @subject;
IF @@ROWCOUNT = 0
    INSERT INTO dbo.attempt (subject, failures, last_at, not_before) VALUES (@subject, @failures, @now, @not_before);
GO

CREATE PROCEDURE dbo.attempt_forget
    @subject NVARCHAR(200)
AS
DELETE FROM dbo.attempt WHERE subject = @subject;
GO

CREATE PROCEDURE dbo.attempt_undo
    @subject NVARCHAR(200)
AS
UPDATE dbo.attempt SET failures = failures - 1, not_before = last_at WHERE subject = @subject AND failures > 0;
GO

CREATE PROCEDURE dbo.attempts_prune
    @before DATETIMEOFFSET(6)
AS
DELETE FROM dbo.attempt WHERE last_at <= @before;
GO

-- returns known BIGINT
CREATE PROCEDURE dbo.address_known
    @login NVARCHAR(64),
    @address NVARCHAR(64),
    @since DATETIMEOFFSET(6)
AS
SELECT COUNT_BIG(*) AS known FROM dbo.known_address k JOIN dbo.account a ON a.user_id = k.user_id
WHERE a.login = @login AND k.address = @address AND k.last_at > @since;
GO

CREATE PROCEDURE dbo.address_put
    @user_id NVARCHAR(64),
    @address NVARCHAR(64),
    @now DATETIMEOFFSET(6)
AS
UPDATE dbo.known_address WITH (UPDLOCK, HOLDLOCK) SET last_at = @now WHERE user_id = @user_id AND address = @address;
IF @@ROWCOUNT = 0
    INSERT INTO dbo.known_address (user_id, address, last_at) VALUES (@user_id, @address, @now);
GO

CREATE PROCEDURE dbo.addresses_prune
    @before DATETIMEOFFSET(6)
AS
DELETE FROM dbo.known_address WHERE last_at <= @before;
GO
