CREATE TABLE dbo.site (
    id NVARCHAR(64) NOT NULL PRIMARY KEY,
    name NVARCHAR(200) NOT NULL,
    country NVARCHAR(2) NOT NULL,
    time_zone NVARCHAR(64) NOT NULL
);

-- Where the process data of a site comes from. Credentials are a path of the provider of secrets, never a secret.
CREATE TABLE dbo.data_source (
    id NVARCHAR(64) NOT NULL PRIMARY KEY,
    site NVARCHAR(64) NOT NULL REFERENCES dbo.site (id),
    name NVARCHAR(200) NOT NULL,
    kind NVARCHAR(40) NOT NULL,
    url NVARCHAR(400) NOT NULL,
    asset_server NVARCHAR(200) NOT NULL,
    asset_database NVARCHAR(200) NOT NULL,
    data_server NVARCHAR(200) NOT NULL,
    credentials NVARCHAR(200) NOT NULL
);
CREATE INDEX data_source_by_site ON dbo.data_source (site);

-- What happened on the platform, as its events told; one row each, in the order of arrival.
CREATE TABLE dbo.activity (
    seq BIGINT IDENTITY NOT NULL PRIMARY KEY,
    at DATETIMEOFFSET(6) NOT NULL,
    site NVARCHAR(64),
    -- Only for those who see users and roles.
    restricted BIT NOT NULL,
    actor_id NVARCHAR(64) NOT NULL,
    actor_name NVARCHAR(200) NOT NULL,
    kind NVARCHAR(100) NOT NULL,
    module NVARCHAR(64) NOT NULL,
    title_en NVARCHAR(400) NOT NULL,
    title_de NVARCHAR(400) NOT NULL,
    subject_type NVARCHAR(64) NOT NULL,
    subject_id NVARCHAR(200) NOT NULL,
    subject_name NVARCHAR(200) NOT NULL,
    link NVARCHAR(400)
);
CREATE INDEX activity_by_site ON dbo.activity (site, seq);
