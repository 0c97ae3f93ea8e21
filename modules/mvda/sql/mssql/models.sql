-- returns version BIGINT
CREATE PROCEDURE dbo.model_next_version
    @site NVARCHAR(400),
    @name NVARCHAR(400)
AS
SELECT COALESCE(MAX(version), 0) + 1 AS version FROM dbo.model WITH (UPDLOCK, HOLDLOCK) WHERE site = @site AND name = @name;
GO

CREATE PROCEDURE dbo.model_add
    @id NVARCHAR(400),
    @site NVARCHAR(400),
    @name NVARCHAR(400),
    @version BIGINT,
    @kind NVARCHAR(400),
    @unit_web_id NVARCHAR(400),
    @request NVARCHAR(MAX),
    @origin NVARCHAR(MAX),
    @components BIGINT,
    @batches BIGINT,
    @reference_batches BIGINT,
    @call_id NVARCHAR(400),
    @deadline DATETIMEOFFSET(6),
    @created_at DATETIMEOFFSET(6),
    @created_by_id NVARCHAR(400),
    @created_by_name NVARCHAR(400)
AS
UPDATE dbo.model_revision SET value = value + 1;
INSERT INTO dbo.model (id, site, name, version, kind, unit_web_id, request, origin, components, batches, reference_batches, call_id, deadline, created_at, created_by_id, created_by_name, state, revision)
SELECT @id, @site, @name, @version, @kind, @unit_web_id, @request, @origin, @components, @batches, @reference_batches, @call_id, @deadline, @created_at, @created_by_id, @created_by_name, 'queued', value FROM dbo.model_revision;
GO

-- returns id NVARCHAR(MAX), name NVARCHAR(MAX), version BIGINT, kind NVARCHAR(MAX), state NVARCHAR(MAX), fraction FLOAT, message NVARCHAR(MAX), unit_web_id NVARCHAR(MAX), components BIGINT, batches BIGINT, reference_batches BIGINT, r2y FLOAT, abnormal BIGINT, error_title NVARCHAR(MAX), error_detail NVARCHAR(MAX), created_at DATETIMEOFFSET(6), created_by_id NVARCHAR(MAX), created_by_name NVARCHAR(MAX), finished_at DATETIMEOFFSET(6), archived BIT, revision BIGINT
CREATE PROCEDURE dbo.models_of_site
    @site NVARCHAR(400),
    @unit_web_id NVARCHAR(400) = NULL
AS
SELECT TOP (500) id, name, version, kind, state, fraction, message, unit_web_id, components, batches, reference_batches, r2y, abnormal,
    error_title, error_detail, created_at, created_by_id, created_by_name, finished_at, archived, revision
FROM dbo.model WHERE site = @site AND (@unit_web_id IS NULL OR unit_web_id = @unit_web_id) ORDER BY created_at DESC, id DESC;
GO

-- returns id NVARCHAR(MAX), name NVARCHAR(MAX), version BIGINT, kind NVARCHAR(MAX), state NVARCHAR(MAX), fraction FLOAT, message NVARCHAR(MAX), unit_web_id NVARCHAR(MAX), components BIGINT, batches BIGINT, reference_batches BIGINT, r2y FLOAT, abnormal BIGINT, error_title NVARCHAR(MAX), error_detail NVARCHAR(MAX), created_at DATETIMEOFFSET(6), created_by_id NVARCHAR(MAX), created_by_name NVARCHAR(MAX), finished_at DATETIMEOFFSET(6), archived BIT, revision BIGINT, site NVARCHAR(MAX), request NVARCHAR(MAX), origin NVARCHAR(MAX), provenance NVARCHAR(MAX), call_id NVARCHAR(MAX), deadline DATETIMEOFFSET(6), result_key NVARCHAR(MAX)
CREATE PROCEDURE dbo.model_by_id
    @site NVARCHAR(400),
    @id NVARCHAR(400)
AS
SELECT id, name, version, kind, state, fraction, message, unit_web_id, components, batches, reference_batches, r2y, abnormal,
    error_title, error_detail, created_at, created_by_id, created_by_name, finished_at, archived, revision, site, request, origin, provenance, call_id, deadline, result_key
FROM dbo.model WHERE site = @site AND id = @id;
GO

-- returns id NVARCHAR(MAX), site NVARCHAR(MAX), state NVARCHAR(MAX)
CREATE PROCEDURE dbo.model_by_call
    @call_id NVARCHAR(400)
AS
SELECT id, site, state FROM dbo.model WHERE call_id = @call_id;
GO

CREATE PROCEDURE dbo.model_archived
    @site NVARCHAR(400),
    @id NVARCHAR(400),
    @archived BIT
AS
UPDATE dbo.model_revision SET value = value + 1;
UPDATE dbo.model SET archived = @archived, revision = (SELECT value FROM dbo.model_revision)
WHERE site = @site AND id = @id;
GO

CREATE PROCEDURE dbo.model_cancelled
    @site NVARCHAR(400),
    @id NVARCHAR(400),
    @at DATETIMEOFFSET(6)
AS
UPDATE dbo.model_revision SET value = value + 1;
UPDATE dbo.model SET state = 'cancelled', finished_at = @at, revision = (SELECT value FROM dbo.model_revision)
WHERE site = @site AND id = @id AND state IN ('queued', 'running');
GO
