-- procedure session_add(id TEXT, secret_hash TEXT, user_id TEXT, kind TEXT, name TEXT, now TIME, expires_at TIME)
INSERT INTO session (id, secret_hash, user_id, kind, name, created_at, seen_at, expires_at)
VALUES (:id, :secret_hash, :user_id, :kind, :name, :now, :now, :expires_at);

-- procedure session_by_secret(secret_hash TEXT, now TIME, idle_since TIME) ->
--   id TEXT, kind TEXT, seen_at TIME, expires_at TIME, user_id TEXT, login TEXT, name TEXT, grants JSON, must_change BOOL
SELECT s.id, s.kind, s.seen_at, s.expires_at, a.user_id, a.login, a.name, a.grants, COALESCE(c.must_change, 0) AS must_change
FROM session s JOIN account a ON a.user_id = s.user_id LEFT JOIN credential c ON c.user_id = s.user_id
WHERE s.secret_hash = :secret_hash AND a.active = 1 AND s.expires_at > :now AND (s.kind = 'token' OR s.seen_at > :idle_since);

-- procedure session_by_id(id TEXT) ->
--   id TEXT, kind TEXT, seen_at TIME, expires_at TIME, user_id TEXT, login TEXT, name TEXT, grants JSON, must_change BOOL
SELECT s.id, s.kind, s.seen_at, s.expires_at, a.user_id, a.login, a.name, a.grants, COALESCE(c.must_change, 0) AS must_change
FROM session s JOIN account a ON a.user_id = s.user_id LEFT JOIN credential c ON c.user_id = s.user_id WHERE s.id = :id;

-- procedure session_seen(id TEXT, now TIME)
UPDATE session SET seen_at = :now WHERE id = :id AND seen_at < :now;

-- procedure session_end(id TEXT, user_id TEXT, kind TEXT)
DELETE FROM session WHERE id = :id AND user_id = :user_id AND kind = :kind;

-- procedure sessions_end_of_user(user_id TEXT, keep TEXT)
DELETE FROM session WHERE user_id = :user_id AND id <> :keep;

-- procedure tokens_of_user(user_id TEXT, now TIME) -> id TEXT, name TEXT, created_at TIME, seen_at TIME, expires_at TIME
SELECT id, name, created_at, seen_at, expires_at FROM session
WHERE user_id = :user_id AND kind = 'token' AND expires_at > :now ORDER BY created_at, id LIMIT 200;

-- procedure sessions_prune(now TIME, idle_since TIME)
DELETE FROM session WHERE expires_at <= :now OR (kind = 'session' AND seen_at <= :idle_since);
