-- People who may use the platform; deactivated, never deleted, and no id or login is given twice.
CREATE TABLE person (
    id TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    active INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    -- What the last event said about the person, so that only differences are told.
    told TEXT NOT NULL DEFAULT ''
);

-- Roles made by administrators; the built-in ones are part of the program.
CREATE TABLE role (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    permissions TEXT NOT NULL,
    changed_at TEXT NOT NULL
);

-- A role held at a site; '*' is every site.
CREATE TABLE role_grant (
    person_id TEXT NOT NULL REFERENCES person (id),
    role_id TEXT NOT NULL,
    site TEXT NOT NULL,
    PRIMARY KEY (person_id, role_id, site)
);
CREATE INDEX role_grant_by_role ON role_grant (role_id);
