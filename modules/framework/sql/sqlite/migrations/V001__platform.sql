CREATE TABLE site (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    time_zone TEXT NOT NULL
);

-- Where the process data of a site comes from. Credentials are a path of the provider of secrets, never a secret.
CREATE TABLE data_source (
    id TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL REFERENCES site (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    asset_server TEXT NOT NULL,
    asset_database TEXT NOT NULL,
    data_server TEXT NOT NULL,
    credentials TEXT NOT NULL
);
CREATE INDEX data_source_by_site ON data_source (site);

-- What happened on the platform, as its events told; one row each, in the order of arrival.
CREATE TABLE activity (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    site TEXT,
    -- Only for those who see users and roles.
    restricted INTEGER NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    module TEXT NOT NULL,
    title_en TEXT NOT NULL,
    title_de TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    subject_name TEXT NOT NULL,
    link TEXT
);
CREATE INDEX activity_by_site ON activity (site, seq);
