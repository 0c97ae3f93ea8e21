-- procedure model_next_version(site TEXT, name TEXT) -> version INTEGER
SELECT COALESCE(MAX(version), 0) + 1 AS version FROM model WHERE site = :site AND name = :name;

-- procedure model_add(
--   id TEXT, site TEXT, name TEXT, version INTEGER, kind TEXT, unit_web_id TEXT, request JSON, origin JSON, components INTEGER, batches INTEGER,
--   reference_batches INTEGER, call_id TEXT, deadline TIME, created_at TIME, created_by_id TEXT, created_by_name TEXT)
UPDATE model_revision SET value = value + 1;
INSERT INTO model (id, site, name, version, kind, unit_web_id, request, origin, components, batches, reference_batches, call_id, deadline, created_at, created_by_id, created_by_name, state, revision)
SELECT :id, :site, :name, :version, :kind, :unit_web_id, :request, :origin, :components, :batches, :reference_batches, :call_id, :deadline, :created_at, :created_by_id, :created_by_name, 'queued', value FROM model_revision;

-- procedure models_of_site(site TEXT, unit_web_id TEXT?) ->
--   id TEXT, name TEXT, version INTEGER, kind TEXT, state TEXT, fraction REAL, message TEXT, unit_web_id TEXT,
--   components INTEGER, batches INTEGER, reference_batches INTEGER, r2y REAL, abnormal INTEGER, error_title TEXT, error_detail TEXT,
--   created_at TIME, created_by_id TEXT, created_by_name TEXT, finished_at TIME, archived BOOL, revision INTEGER
SELECT id, name, version, kind, state, fraction, message, unit_web_id, components, batches, reference_batches, r2y, abnormal,
    error_title, error_detail, created_at, created_by_id, created_by_name, finished_at, archived, revision
FROM model WHERE site = :site AND (:unit_web_id IS NULL OR unit_web_id = :unit_web_id) ORDER BY created_at DESC, id DESC LIMIT 500;

-- procedure model_by_id(site TEXT, id TEXT) ->
--   id TEXT, name TEXT, version INTEGER, kind TEXT, state TEXT, fraction REAL, message TEXT, unit_web_id TEXT,
--   components INTEGER, batches INTEGER, reference_batches INTEGER, r2y REAL, abnormal INTEGER, error_title TEXT, error_detail TEXT,
--   created_at TIME, created_by_id TEXT, created_by_name TEXT, finished_at TIME, archived BOOL, revision INTEGER, site TEXT, request JSON, origin JSON, provenance JSON, call_id TEXT, deadline TIME, result_key TEXT
SELECT id, name, version, kind, state, fraction, message, unit_web_id, components, batches, reference_batches, r2y, abnormal,
    error_title, error_detail, created_at, created_by_id, created_by_name, finished_at, archived, revision, site, request, origin, provenance, call_id, deadline, result_key
FROM model WHERE site = :site AND id = :id;

-- procedure model_by_call(call_id TEXT) -> id TEXT, site TEXT, state TEXT
SELECT id, site, state FROM model WHERE call_id = :call_id;

-- procedure model_archived(site TEXT, id TEXT, archived BOOL)
UPDATE model_revision SET value = value + 1;
UPDATE model SET archived = :archived, revision = (SELECT value FROM model_revision)
WHERE site = :site AND id = :id;

-- procedure model_cancelled(site TEXT, id TEXT, at TIME)
UPDATE model_revision SET value = value + 1;
UPDATE model SET state = 'cancelled', finished_at = :at, revision = (SELECT value FROM model_revision)
WHERE site = :site AND id = :id AND state IN ('queued', 'running');
