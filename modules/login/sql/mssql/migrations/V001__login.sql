-- Users and what they may do, as the administration module tells; never changed here otherwise.
CREATE TABLE dbo.account (
    user_id NVARCHAR(64) NOT NULL PRIMARY KEY,
    login NVARCHAR(64) COLLATE Latin1_General_BIN2 NOT NULL UNIQUE,
    name NVARCHAR(200) NOT NULL,
    active BIT NOT NULL,
    grants NVARCHAR(MAX) NOT NULL,
    changed_at DATETIMEOFFSET(6) NOT NULL
);

CREATE TABLE dbo.credential (
    user_id NVARCHAR(64) NOT NULL PRIMARY KEY,
    password_hash NVARCHAR(400) NOT NULL,
    must_change BIT NOT NULL,
    changed_at DATETIMEOFFSET(6) NOT NULL
);

-- Sessions of browsers and API tokens; the secret itself is kept nowhere, only its SHA-256.
CREATE TABLE dbo.session (
    id NVARCHAR(64) NOT NULL PRIMARY KEY,
    secret_hash NVARCHAR(64) COLLATE Latin1_General_BIN2 NOT NULL UNIQUE,
    user_id NVARCHAR(64) NOT NULL,
    kind NVARCHAR(10) NOT NULL CHECK (kind IN ('session', 'token')),
    name NVARCHAR(200) NOT NULL,
    created_at DATETIMEOFFSET(6) NOT NULL,
    seen_at DATETIMEOFFSET(6) NOT NULL,
    expires_at DATETIMEOFFSET(6) NOT NULL
);
CREATE INDEX session_by_user ON dbo.session (user_id, kind);
CREATE INDEX session_by_end ON dbo.session (expires_at);

-- Failed attempts per account and per address; a wait, never a lock.
CREATE TABLE dbo.attempt (
    subject NVARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at DATETIMEOFFSET(6) NOT NULL,
    not_before DATETIMEOFFSET(6) NOT NULL
);
CREATE INDEX attempt_by_time ON dbo.attempt (last_at);

-- From where a person has signed in before: a stranger's attempts must not make that person wait.
CREATE TABLE dbo.known_address (
    user_id NVARCHAR(64) NOT NULL,
    address NVARCHAR(64) NOT NULL,
    last_at DATETIMEOFFSET(6) NOT NULL,
    PRIMARY KEY (user_id, address)
);

CREATE TABLE dbo.activation (
    user_id NVARCHAR(64) NOT NULL PRIMARY KEY,
    code_hash NVARCHAR(64) NOT NULL,
    expires_at DATETIMEOFFSET(6) NOT NULL
);
