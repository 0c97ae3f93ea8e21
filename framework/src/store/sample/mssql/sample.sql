CREATE PROCEDURE dbo.sample_add @id BIGINT, @name NVARCHAR(MAX), @weight FLOAT = NULL, @ready BIT, @tags NVARCHAR(MAX), @at DATETIMEOFFSET(6) AS
INSERT INTO dbo.sample (id, name, weight, ready, tags, at) VALUES (@id, @name, @weight, @ready, @tags, @at);
GO

-- returns id BIGINT, name NVARCHAR(40), weight FLOAT, ready BIT, tags NVARCHAR(MAX), at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.sample_all AS
SELECT id, name, weight, ready, tags, at FROM dbo.sample ORDER BY id;
GO

-- returns count BIGINT
CREATE PROCEDURE dbo.sample_count AS
SELECT COUNT_BIG(*) AS [count] FROM dbo.sample;
GO

CREATE PROCEDURE dbo.sample_note_add @sample BIGINT, @note NVARCHAR(400) AS
INSERT INTO dbo.sample_note (sample, note) VALUES (@sample, @note);
GO

CREATE PROCEDURE dbo.sample_note_remove AS
DELETE FROM dbo.sample_note;
GO

CREATE PROCEDURE dbo.sample_rename @id BIGINT, @name NVARCHAR(40) AS
UPDATE dbo.sample SET name = @name WHERE id = @id;
