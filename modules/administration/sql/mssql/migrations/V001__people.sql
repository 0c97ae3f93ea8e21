-- People who may use the platform; deactivated, never deleted, and no id or login is given twice.
CREATE TABLE dbo.person (
    id NVARCHAR(64) NOT NULL PRIMARY KEY,
    login NVARCHAR(64) COLLATE Latin1_General_BIN2 NOT NULL UNIQUE,
    name NVARCHAR(200) NOT NULL,
    email NVARCHAR(200) NOT NULL,
    active BIT NOT NULL,
    created_at DATETIMEOFFSET(6) NOT NULL,
    changed_at DATETIMEOFFSET(6) NOT NULL,
    -- What the last event said about the person, so that only differences are told.
    told NVARCHAR(MAX) NOT NULL DEFAULT ''
);

-- Roles made by administrators; the built-in ones are part of the program.
CREATE TABLE dbo.role (
    id NVARCHAR(64) NOT NULL PRIMARY KEY,
    name NVARCHAR(100) NOT NULL UNIQUE,
    description NVARCHAR(400) NOT NULL,
    permissions NVARCHAR(MAX) NOT NULL,
    changed_at DATETIMEOFFSET(6) NOT NULL
);

-- A role held at a site; '*' is every site.
CREATE TABLE dbo.role_grant (
    person_id NVARCHAR(64) NOT NULL REFERENCES dbo.person (id),
    role_id NVARCHAR(64) NOT NULL,
    site NVARCHAR(64) NOT NULL,
    PRIMARY KEY (person_id, role_id, site)
);
CREATE INDEX role_grant_by_role ON dbo.role_grant (role_id);
