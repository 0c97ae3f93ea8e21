-- returns value BIGINT
CREATE PROCEDURE dbo.latest_revision
AS
SELECT value FROM dbo.model_revision;
GO

-- returns id NVARCHAR(MAX), name NVARCHAR(MAX), version BIGINT, kind NVARCHAR(MAX), state NVARCHAR(MAX), fraction FLOAT, message NVARCHAR(MAX), unit_web_id NVARCHAR(MAX), components BIGINT, batches BIGINT, reference_batches BIGINT, r2y FLOAT, abnormal BIGINT, error_title NVARCHAR(MAX), error_detail NVARCHAR(MAX), created_at DATETIMEOFFSET(6), created_by_id NVARCHAR(MAX), created_by_name NVARCHAR(MAX), finished_at DATETIMEOFFSET(6), archived BIT, revision BIGINT
CREATE PROCEDURE dbo.models_changed
    @site NVARCHAR(400),
    @revision BIGINT
AS
SELECT TOP (200) id, name, version, kind, state, fraction, message, unit_web_id, components, batches, reference_batches, r2y, abnormal,
    error_title, error_detail, created_at, created_by_id, created_by_name, finished_at, archived, revision
FROM dbo.model WHERE site = @site AND revision > @revision ORDER BY revision;
GO
