-- procedure latest_revision() -> value INTEGER
SELECT value FROM model_revision;

-- procedure models_changed(site TEXT, revision INTEGER) ->
--   id TEXT, name TEXT, version INTEGER, kind TEXT, state TEXT, fraction REAL, message TEXT, unit_web_id TEXT,
--   components INTEGER, batches INTEGER, reference_batches INTEGER, r2y REAL, abnormal INTEGER, error_title TEXT, error_detail TEXT,
--   created_at TIME, created_by_id TEXT, created_by_name TEXT, finished_at TIME, archived BOOL, revision INTEGER
SELECT id, name, version, kind, state, fraction, message, unit_web_id, components, batches, reference_batches, r2y, abnormal,
    error_title, error_detail, created_at, created_by_id, created_by_name, finished_at, archived, revision
FROM model WHERE site = :site AND revision > :revision ORDER BY revision LIMIT 200;
