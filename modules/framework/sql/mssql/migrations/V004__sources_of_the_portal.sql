-- Sources that people set up in the portal stand beside those of the site file. What was taken out stays, so that it can be restored.
ALTER TABLE dbo.data_source ADD from_file BIT NOT NULL CONSTRAINT data_source_from_file DEFAULT 1;
ALTER TABLE dbo.data_source ADD removed BIT NOT NULL CONSTRAINT data_source_removed DEFAULT 0;
ALTER TABLE dbo.data_source ADD version BIGINT NOT NULL CONSTRAINT data_source_version DEFAULT 0;

-- Every state of every source, who made it and why; rows are added and never changed.
CREATE TABLE dbo.data_source_change (
    seq BIGINT IDENTITY NOT NULL PRIMARY KEY,
    source NVARCHAR(64) NOT NULL,
    site NVARCHAR(64) NOT NULL,
    version BIGINT NOT NULL,
    action NVARCHAR(16) NOT NULL,
    reason NVARCHAR(1000) NOT NULL,
    -- Whether the server answered as described when this was kept; none where it was not asked.
    answered BIT,
    by_id NVARCHAR(64) NOT NULL,
    by_name NVARCHAR(200) NOT NULL,
    at DATETIMEOFFSET(6) NOT NULL,
    state NVARCHAR(MAX) NOT NULL,
    CONSTRAINT data_source_change_once UNIQUE (source, version)
);
CREATE INDEX data_source_change_by_site ON dbo.data_source_change (site, seq);
