-- Users and what they may do, as the administration module tells; never changed here otherwise.
CREATE TABLE account (
    user_id TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    active INTEGER NOT NULL,
    grants TEXT NOT NULL,
    changed_at TEXT NOT NULL
);

CREATE TABLE credential (
    user_id TEXT NOT NULL PRIMARY KEY,
    password_hash TEXT NOT NULL,
    must_change INTEGER NOT NULL,
    changed_at TEXT NOT NULL
);

-- Sessions of browsers and API tokens; the secret itself is kept nowhere, only its SHA-256.
CREATE TABLE session (
    id TEXT NOT NULL PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('session', 'token')),
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX session_by_user ON session (user_id, kind);
CREATE INDEX session_by_end ON session (expires_at);

-- Failed attempts per account and per address; a wait, never a lock.
CREATE TABLE attempt (
    subject TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at TEXT NOT NULL,
    not_before TEXT NOT NULL
);
CREATE INDEX attempt_by_time ON attempt (last_at);

-- From where a person has signed in before: a stranger's attempts must not make that person wait.
CREATE TABLE known_address (
    user_id TEXT NOT NULL,
    address TEXT NOT NULL,
    last_at TEXT NOT NULL,
    PRIMARY KEY (user_id, address)
);

CREATE TABLE activation (
    user_id TEXT NOT NULL PRIMARY KEY,
    code_hash TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
