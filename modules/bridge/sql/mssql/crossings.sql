CREATE PROCEDURE dbo.crossing_add
    @id NVARCHAR(36),
    @name NVARCHAR(200),
    @key NVARCHAR(200),
    @source NVARCHAR(64),
    @zone NVARCHAR(16),
    @published_at DATETIMEOFFSET(6),
    @at DATETIMEOFFSET(6)
AS
INSERT INTO dbo.crossing (id, name, [key], source, zone, published_at, at) VALUES (@id, @name, @key, @source, @zone, @published_at, @at);
GO

-- returns seq BIGINT, id NVARCHAR(36), name NVARCHAR(200), key NVARCHAR(200), source NVARCHAR(64), zone NVARCHAR(16), published_at DATETIMEOFFSET(6), at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.crossings_before
    @before BIGINT,
    @count BIGINT
AS
SELECT TOP (@count) seq, id, name, [key], source, zone, published_at, at FROM dbo.crossing WHERE seq < @before ORDER BY seq DESC;
GO
