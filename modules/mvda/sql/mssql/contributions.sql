-- returns body NVARCHAR(MAX)
CREATE PROCEDURE dbo.contribution_find
    @model_id NVARCHAR(36),
    @batch NVARCHAR(200),
    @place BIGINT,
    @statistic NVARCHAR(10)
AS
SELECT body FROM dbo.contribution WHERE model_id = @model_id AND batch = @batch AND place = @place AND statistic = @statistic;
GO

CREATE PROCEDURE dbo.contribution_add
    @model_id NVARCHAR(36),
    @batch NVARCHAR(200),
    @place BIGINT,
    @statistic NVARCHAR(10),
    @body NVARCHAR(MAX)
AS
INSERT INTO dbo.contribution (model_id, batch, place, statistic, body)
SELECT @model_id, @batch, @place, @statistic, @body
WHERE NOT EXISTS (SELECT 1 FROM dbo.contribution WITH (UPDLOCK, HOLDLOCK) WHERE model_id = @model_id AND batch = @batch AND place = @place AND statistic = @statistic);
GO
