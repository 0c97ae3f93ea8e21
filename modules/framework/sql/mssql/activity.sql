CREATE PROCEDURE dbo.activity_add
    @at DATETIMEOFFSET(6),
    @site NVARCHAR(64) = NULL,
    @restricted BIT,
    @actor_id NVARCHAR(64),
    @actor_name NVARCHAR(200),
    @kind NVARCHAR(100),
    @module NVARCHAR(64),
    @title_en NVARCHAR(400),
    @title_de NVARCHAR(400),
    @subject_type NVARCHAR(64),
    @subject_id NVARCHAR(200),
    @subject_name NVARCHAR(200),
    @link NVARCHAR(400) = NULL,
    @brought_from NVARCHAR(16) = NULL
AS
INSERT INTO dbo.activity (at, site, restricted, actor_id, actor_name, kind, module, title_en, title_de, subject_type, subject_id, subject_name, link, brought_from)
VALUES (@at, @site, @restricted, @actor_id, @actor_name, @kind, @module, @title_en, @title_de, @subject_type, @subject_id, @subject_name, @link, @brought_from);
GO

-- returns seq BIGINT, at DATETIMEOFFSET(6), site NVARCHAR(MAX), restricted BIT, actor_id NVARCHAR(MAX), actor_name NVARCHAR(MAX), kind NVARCHAR(MAX), module NVARCHAR(MAX), title_en NVARCHAR(MAX), title_de NVARCHAR(MAX), subject_type NVARCHAR(MAX), subject_id NVARCHAR(MAX), subject_name NVARCHAR(MAX), link NVARCHAR(MAX), brought_from NVARCHAR(MAX)
CREATE PROCEDURE dbo.activity_before
    @site NVARCHAR(64),
    @everything BIT,
    @before BIGINT,
    @count BIGINT
AS
SELECT TOP (@count) seq, at, site, restricted, actor_id, actor_name, kind, module, title_en, title_de, subject_type, subject_id, subject_name, link, brought_from
FROM dbo.activity WHERE seq < @before AND (site = @site OR site IS NULL) AND (restricted = 0 OR @everything = 1)
ORDER BY seq DESC;
GO

-- returns seq BIGINT, at DATETIMEOFFSET(6), site NVARCHAR(MAX), restricted BIT, actor_id NVARCHAR(MAX), actor_name NVARCHAR(MAX), kind NVARCHAR(MAX), module NVARCHAR(MAX), title_en NVARCHAR(MAX), title_de NVARCHAR(MAX), subject_type NVARCHAR(MAX), subject_id NVARCHAR(MAX), subject_name NVARCHAR(MAX), link NVARCHAR(MAX), brought_from NVARCHAR(MAX)
CREATE PROCEDURE dbo.activity_after
    @after BIGINT,
    @count BIGINT
AS
SELECT TOP (@count) seq, at, site, restricted, actor_id, actor_name, kind, module, title_en, title_de, subject_type, subject_id, subject_name, link, brought_from
FROM dbo.activity WHERE seq > @after ORDER BY seq;
GO

-- returns seq BIGINT
CREATE PROCEDURE dbo.activity_last
AS
SELECT COALESCE(MAX(seq), 0) AS seq FROM dbo.activity;
GO
