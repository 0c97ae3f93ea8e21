CREATE PROCEDURE dbo.change_add @id NVARCHAR(36), @subject NVARCHAR(100), @number BIGINT AS
INSERT INTO dbo.change (id, subject, number) VALUES (@id, @subject, @number);
GO
CREATE PROCEDURE dbo.effect_add @id NVARCHAR(36), @subject NVARCHAR(100), @number BIGINT AS
INSERT INTO dbo.effect (id, subject, number) VALUES (@id, @subject, @number);
GO
CREATE PROCEDURE dbo.record_add @id NVARCHAR(36) AS
INSERT INTO dbo.record (id) VALUES (@id);
