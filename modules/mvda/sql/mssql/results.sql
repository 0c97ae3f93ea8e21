CREATE PROCEDURE dbo.model_result_add
    @model_id NVARCHAR(400),
    @body NVARCHAR(MAX)
AS
INSERT INTO dbo.model_result (model_id, body) VALUES (@model_id, @body);
GO

-- returns body NVARCHAR(MAX)
CREATE PROCEDURE dbo.model_result_body
    @site NVARCHAR(400),
    @id NVARCHAR(400)
AS
SELECT r.body FROM dbo.model_result AS r JOIN dbo.model AS m ON m.id = r.model_id WHERE m.site = @site AND m.id = @id;
GO
