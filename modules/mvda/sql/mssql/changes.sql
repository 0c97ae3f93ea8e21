CREATE PROCEDURE dbo.latest_revision
AS
SELECT value FROM dbo.model_revision;
GO

CREATE PROCEDURE dbo.models_changed
    @site NVARCHAR(400),
    @revision BIGINT
AS
SELECT TOP (200) id, name, version, kind, state, fraction, message, unit_web_id, components, batches, reference_batches, r2y, abnormal,
    error_title, error_detail, created_at, created_by_id, created_by_name, finished_at, archived, revision
FROM dbo.model WHERE site = @site AND revision > @revision ORDER BY revision;
GO
