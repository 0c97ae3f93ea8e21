-- procedure calls_add(calls JSON)
INSERT INTO call (id, script, version, function, site, requested_by_id, requested_by_name, asked_by, started_at, duration_ms,
    computation_key, result_key, failure, draft, notes, outcome, arguments)
SELECT value ->> 'id', value ->> 'script', value ->> 'version', value ->> 'function', value ->> 'site', value ->> 'requested_by_id',
    value ->> 'requested_by_name', value ->> 'asked_by', value ->> 'started_at', value ->> 'duration_ms', value ->> 'computation_key',
    value ->> 'result_key', value ->> 'failure', value ->> 'draft', value ->> 'notes', value ->> 'outcome',
    value ->> 'arguments'
FROM json_each(:calls) WHERE true ON CONFLICT DO NOTHING;

-- procedure call_inputs_add(inputs JSON)
INSERT INTO call_input (call_id, result_key)
SELECT value ->> 'call_id', value ->> 'result_key' FROM json_each(:inputs) WHERE true ON CONFLICT DO NOTHING;

-- procedure call_arguments_add(arguments JSON)
INSERT INTO call_argument (call_id, result_key)
SELECT value ->> 'call_id', value ->> 'result_key' FROM json_each(:arguments) WHERE true ON CONFLICT DO NOTHING;

-- procedure call_outcome(id TEXT) -> outcome TEXT
SELECT outcome FROM call WHERE id = :id AND outcome IS NOT NULL;

-- procedure calls_recent(by_id TEXT?, count INTEGER) ->
--   id TEXT, script TEXT, version TEXT, function TEXT, requested_by_id TEXT, requested_by_name TEXT, asked_by TEXT, started_at TIME,
--   duration_ms REAL, computation_key TEXT, result_key TEXT, failure TEXT, draft BOOL, notes TEXT
SELECT id, script, version, function, requested_by_id, requested_by_name, asked_by, started_at, duration_ms, computation_key, result_key,
    failure, draft, notes
FROM call WHERE :by_id IS NULL OR requested_by_id = :by_id ORDER BY started_at DESC LIMIT :count;

-- procedure call_by_id(id TEXT) ->
--   id TEXT, script TEXT, version TEXT, function TEXT, requested_by_id TEXT, requested_by_name TEXT, asked_by TEXT, started_at TIME,
--   duration_ms REAL, computation_key TEXT, result_key TEXT, failure TEXT, draft BOOL, notes TEXT
SELECT id, script, version, function, requested_by_id, requested_by_name, asked_by, started_at, duration_ms, computation_key, result_key,
    failure, draft, notes
FROM call WHERE id = :id;

-- procedure calls_of_result(result_key TEXT, count INTEGER) ->
--   id TEXT, script TEXT, version TEXT, function TEXT, requested_by_id TEXT, requested_by_name TEXT, asked_by TEXT, started_at TIME,
--   duration_ms REAL, computation_key TEXT, result_key TEXT, failure TEXT, draft BOOL, notes TEXT
SELECT id, script, version, function, requested_by_id, requested_by_name, asked_by, started_at, duration_ms, computation_key, result_key,
    failure, draft, notes
FROM call WHERE result_key = :result_key ORDER BY started_at LIMIT :count;

-- procedure calls_with_input(result_key TEXT, count INTEGER) ->
--   id TEXT, script TEXT, version TEXT, function TEXT, requested_by_id TEXT, requested_by_name TEXT, asked_by TEXT, started_at TIME,
--   duration_ms REAL, computation_key TEXT, result_key TEXT, failure TEXT, draft BOOL, notes TEXT
SELECT c.id, c.script, c.version, c.function, c.requested_by_id, c.requested_by_name, c.asked_by, c.started_at, c.duration_ms,
    c.computation_key, c.result_key, c.failure, c.draft, c.notes
FROM call_input i JOIN call c ON c.id = i.call_id WHERE i.result_key = :result_key ORDER BY c.started_at LIMIT :count;

-- procedure inputs_of_call(call_id TEXT) -> result_key TEXT
SELECT result_key FROM call_input WHERE call_id = :call_id ORDER BY result_key;

-- procedure inputs_of_result(result_key TEXT) -> result_key TEXT
SELECT DISTINCT i.result_key FROM call c JOIN call_input i ON i.call_id = c.id WHERE c.result_key = :result_key ORDER BY i.result_key;

-- procedure arguments_of_result(result_key TEXT) -> result_key TEXT
SELECT DISTINCT a.result_key FROM call c JOIN call_argument a ON a.call_id = c.id WHERE c.result_key = :result_key ORDER BY a.result_key;

-- procedure calls_prune(before TIME, count INTEGER)
DELETE FROM call_argument WHERE call_id IN (
    SELECT id FROM call c WHERE asked_by = 'http' AND started_at < :before
        AND NOT EXISTS (SELECT 1 FROM result r WHERE r.result_key = c.result_key)
    ORDER BY started_at, id LIMIT :count);
DELETE FROM call_input WHERE call_id IN (
    SELECT id FROM call c WHERE asked_by = 'http' AND started_at < :before
        AND NOT EXISTS (SELECT 1 FROM result r WHERE r.result_key = c.result_key)
    ORDER BY started_at, id LIMIT :count);
DELETE FROM call WHERE id IN (
    SELECT id FROM call c WHERE asked_by = 'http' AND started_at < :before
        AND NOT EXISTS (SELECT 1 FROM result r WHERE r.result_key = c.result_key)
    ORDER BY started_at, id LIMIT :count);
