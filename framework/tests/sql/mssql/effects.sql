CREATE PROCEDURE dbo.made_add @id NVARCHAR(36) AS
INSERT INTO dbo.made (id) VALUES (@id);
GO
-- returns id NVARCHAR(36)
CREATE PROCEDURE dbo.made_all AS
SELECT id FROM dbo.made ORDER BY seq;
GO
CREATE PROCEDURE dbo.effect_add @id NVARCHAR(36) AS
INSERT INTO dbo.effect (id) VALUES (@id);
GO
-- returns id NVARCHAR(36)
CREATE PROCEDURE dbo.effect_all AS
SELECT id FROM dbo.effect ORDER BY seq;
GO

CREATE PROCEDURE dbo.effect_clear AS
DELETE FROM dbo.effect;
