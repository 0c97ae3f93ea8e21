CREATE PROCEDURE dbo.model_progressed
    @call_id NVARCHAR(400),
    @fraction FLOAT,
    @message NVARCHAR(400)
AS
UPDATE dbo.model_revision SET value = value + 1;
UPDATE dbo.model SET state = 'running', fraction = @fraction, message = @message, revision = (SELECT value FROM dbo.model_revision)
WHERE call_id = @call_id AND state IN ('queued', 'running') AND fraction <= @fraction;
GO

CREATE PROCEDURE dbo.model_calculated
    @call_id NVARCHAR(400),
    @result_key NVARCHAR(400),
    @provenance NVARCHAR(MAX)
AS
UPDATE dbo.model_revision SET value = value + 1;
UPDATE dbo.model SET state = 'collecting', fraction = 1, result_key = @result_key, provenance = @provenance, revision = (SELECT value FROM dbo.model_revision)
WHERE call_id = @call_id AND state IN ('queued', 'running');
GO

CREATE PROCEDURE dbo.model_failed
    @call_id NVARCHAR(400),
    @error_title NVARCHAR(400),
    @error_detail NVARCHAR(MAX),
    @at DATETIMEOFFSET(6)
AS
UPDATE dbo.model_revision SET value = value + 1;
UPDATE dbo.model SET state = 'failed', error_title = @error_title, error_detail = @error_detail, finished_at = @at, revision = (SELECT value FROM dbo.model_revision)
WHERE call_id = @call_id AND state IN ('queued', 'running', 'collecting');
GO

CREATE PROCEDURE dbo.model_postponed
    @call_id NVARCHAR(36),
    @next_call_id NVARCHAR(36),
    @ask_again_at DATETIMEOFFSET(6)
AS
UPDATE dbo.model SET call_id = @next_call_id, ask_again_at = @ask_again_at WHERE call_id = @call_id AND state IN ('queued', 'running');
GO

-- returns id NVARCHAR(MAX), site NVARCHAR(MAX)
CREATE PROCEDURE dbo.models_to_ask_again
    @now DATETIMEOFFSET(6)
AS
SELECT TOP (20) id, site FROM dbo.model WHERE state IN ('queued', 'running') AND ask_again_at <= @now ORDER BY ask_again_at;
GO

CREATE PROCEDURE dbo.model_asked_again
    @id NVARCHAR(36)
AS
UPDATE dbo.model SET ask_again_at = NULL WHERE id = @id AND state IN ('queued', 'running') AND ask_again_at IS NOT NULL;
GO

-- returns id NVARCHAR(MAX), site NVARCHAR(MAX), call_id NVARCHAR(MAX), result_key NVARCHAR(MAX)
CREATE PROCEDURE dbo.models_to_collect
AS
SELECT TOP (20) id, site, call_id, result_key FROM dbo.model WHERE state = 'collecting' ORDER BY revision;
GO

-- returns id NVARCHAR(MAX), site NVARCHAR(MAX), call_id NVARCHAR(MAX)
CREATE PROCEDURE dbo.models_overdue
    @now DATETIMEOFFSET(6)
AS
SELECT TOP (20) id, site, call_id FROM dbo.model WHERE state IN ('queued', 'running', 'collecting') AND deadline < @now ORDER BY deadline;
GO

CREATE PROCEDURE dbo.model_ready
    @id NVARCHAR(400),
    @r2y FLOAT = NULL,
    @abnormal BIGINT,
    @at DATETIMEOFFSET(6)
AS
UPDATE dbo.model_revision SET value = value + 1;
UPDATE dbo.model SET state = 'ready', fraction = 1, message = '', r2y = @r2y, abnormal = @abnormal, finished_at = @at, revision = (SELECT value FROM dbo.model_revision)
WHERE id = @id AND state = 'collecting';
GO
