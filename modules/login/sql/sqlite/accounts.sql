-- procedure account_put(user_id TEXT, login TEXT, name TEXT, active BOOL, grants JSON, changed_at TIME)
INSERT INTO account (user_id, login, name, active, grants, changed_at)
VALUES (:user_id, :login, :name, :active, :grants, :changed_at)
ON CONFLICT (user_id) DO UPDATE SET login = excluded.login, name = excluded.name, active = excluded.active,
    grants = excluded.grants, changed_at = excluded.changed_at;

-- procedure account_by_login(login TEXT) ->
--   user_id TEXT, login TEXT, name TEXT, active BOOL, grants JSON, password_hash TEXT, must_change BOOL
SELECT a.user_id, a.login, a.name, a.active, a.grants, c.password_hash, COALESCE(c.must_change, 0) AS must_change
FROM account a LEFT JOIN credential c ON c.user_id = a.user_id WHERE a.login = :login;

-- procedure account_by_id(user_id TEXT) ->
--   user_id TEXT, login TEXT, name TEXT, active BOOL, grants JSON, password_hash TEXT, must_change BOOL
SELECT a.user_id, a.login, a.name, a.active, a.grants, c.password_hash, COALESCE(c.must_change, 0) AS must_change
FROM account a LEFT JOIN credential c ON c.user_id = a.user_id WHERE a.user_id = :user_id;

-- procedure credential_put(user_id TEXT, password_hash TEXT, must_change BOOL, now TIME)
INSERT INTO credential (user_id, password_hash, must_change, changed_at)
VALUES (:user_id, :password_hash, :must_change, :now)
ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, must_change = excluded.must_change,
    changed_at = excluded.changed_at;

-- procedure activation_put(user_id TEXT, code_hash TEXT, expires_at TIME)
INSERT INTO activation (user_id, code_hash, expires_at) VALUES (:user_id, :code_hash, :expires_at)
ON CONFLICT (user_id) DO UPDATE SET code_hash = excluded.code_hash, expires_at = excluded.expires_at;

-- procedure activation_take(user_id TEXT, code_hash TEXT, now TIME)
DELETE FROM activation WHERE user_id = :user_id AND code_hash = :code_hash AND expires_at > :now;
