-- How long a result is kept: 0 ephemeral, 1 session, 2 retained.
ALTER TABLE dbo.result ADD class BIGINT NOT NULL CONSTRAINT df_result_class DEFAULT 0;
GO
UPDATE dbo.result SET class = 2 WHERE stays = 1;
DROP INDEX result_age ON dbo.result;
ALTER TABLE dbo.result DROP COLUMN stays;
CREATE INDEX result_age ON dbo.result (used_at) WHERE class < 2;
GO

-- Who asked for a result to be kept for good, and why.
CREATE TABLE dbo.retention (
    id BIGINT IDENTITY NOT NULL CONSTRAINT pk_retention PRIMARY KEY,
    result_key NVARCHAR(64) NOT NULL,
    by_id NVARCHAR(400) NOT NULL,
    by_name NVARCHAR(400) NOT NULL,
    at DATETIMEOFFSET(6) NOT NULL,
    reason NVARCHAR(MAX) NOT NULL
);
CREATE INDEX retention_of ON dbo.retention (result_key);

-- Results that are no longer kept: why not, and that there was one.
CREATE TABLE dbo.pruned (
    result_key NVARCHAR(64) NOT NULL CONSTRAINT pk_pruned PRIMARY KEY,
    at DATETIMEOFFSET(6) NOT NULL,
    why NVARCHAR(20) NOT NULL
);
CREATE INDEX pruned_age ON dbo.pruned (at);

-- The arguments of a call where they are short, so that it can be repeated.
ALTER TABLE dbo.call ADD arguments NVARCHAR(MAX) NULL;
GO
