-- How long a result is kept: 0 ephemeral, 1 session, 2 retained.
ALTER TABLE result ADD COLUMN class INTEGER NOT NULL DEFAULT 0;
UPDATE result SET class = 2 WHERE stays = 1;
DROP INDEX result_age;
ALTER TABLE result DROP COLUMN stays;
CREATE INDEX result_age ON result (used_at) WHERE class < 2;

-- Who asked for a result to be kept for good, and why.
CREATE TABLE retention (
    id INTEGER PRIMARY KEY,
    result_key TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX retention_of ON retention (result_key);

-- Results that are no longer kept: why not, and that there was one.
CREATE TABLE pruned (
    result_key TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    why TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pruned_age ON pruned (at);

-- The arguments of a call where they are short, so that it can be repeated.
ALTER TABLE call ADD COLUMN arguments TEXT;
