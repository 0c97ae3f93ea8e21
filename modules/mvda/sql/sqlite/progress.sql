-- procedure model_progressed(call_id TEXT, fraction REAL, message TEXT)
UPDATE model_revision SET value = value + 1;
UPDATE model SET state = 'running', fraction = :fraction, message = :message, revision = (SELECT value FROM model_revision)
WHERE call_id = :call_id AND state IN ('queued', 'running') AND fraction <= :fraction;

-- procedure model_calculated(call_id TEXT, result_key TEXT, provenance JSON)
UPDATE model_revision SET value = value + 1;
UPDATE model SET state = 'collecting', fraction = 1, result_key = :result_key, provenance = :provenance, revision = (SELECT value FROM model_revision)
WHERE call_id = :call_id AND state IN ('queued', 'running');

-- procedure model_failed(call_id TEXT, error_title TEXT, error_detail JSON, at TIME)
UPDATE model_revision SET value = value + 1;
UPDATE model SET state = 'failed', error_title = :error_title, error_detail = :error_detail, finished_at = :at, revision = (SELECT value FROM model_revision)
WHERE call_id = :call_id AND state IN ('queued', 'running', 'collecting');

-- procedure model_postponed(call_id TEXT, next_call_id TEXT, ask_again_at TIME)
UPDATE model SET call_id = :next_call_id, ask_again_at = :ask_again_at WHERE call_id = :call_id AND state IN ('queued', 'running');

-- procedure models_to_ask_again(now TIME) -> id TEXT, site TEXT
SELECT id, site FROM model WHERE state IN ('queued', 'running') AND ask_again_at <= :now ORDER BY ask_again_at LIMIT 20;

-- procedure model_asked_again(id TEXT)
UPDATE model SET ask_again_at = NULL WHERE id = :id AND state IN ('queued', 'running') AND ask_again_at IS NOT NULL;

-- procedure models_to_collect() -> id TEXT, site TEXT, call_id TEXT, result_key TEXT
SELECT id, site, call_id, result_key FROM model WHERE state = 'collecting' ORDER BY revision LIMIT 20;

-- procedure models_overdue(now TIME) -> id TEXT, site TEXT, call_id TEXT
SELECT id, site, call_id FROM model WHERE state IN ('queued', 'running', 'collecting') AND deadline < :now ORDER BY deadline LIMIT 20;

-- procedure model_ready(id TEXT, r2y REAL?, abnormal INTEGER, at TIME)
UPDATE model_revision SET value = value + 1;
UPDATE model SET state = 'ready', fraction = 1, message = '', r2y = :r2y, abnormal = :abnormal, finished_at = :at, revision = (SELECT value FROM model_revision)
WHERE id = :id AND state = 'collecting';
