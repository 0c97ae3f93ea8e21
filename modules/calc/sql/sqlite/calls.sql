-- procedure calls_add(calls JSON)
INSERT INTO call (id, script, version, function, site, requested_by_id, requested_by_name, asked_by, started_at, duration_ms,
    computation_key, result_key, failure, outcome)
SELECT value ->> 'id', value ->> 'script', value ->> 'version', value ->> 'function', value ->> 'site', value ->> 'requested_by_id',
    value ->> 'requested_by_name', value ->> 'asked_by', value ->> 'started_at', value ->> 'duration_ms', value ->> 'computation_key',
    value ->> 'result_key', value ->> 'failure', value ->> 'outcome'
FROM json_each(:calls) WHERE true ON CONFLICT DO NOTHING;

-- procedure call_outcome(id TEXT) -> outcome TEXT
SELECT outcome FROM call WHERE id = :id AND outcome IS NOT NULL;

-- procedure calls_prune(before TIME, count INTEGER)
DELETE FROM call WHERE id IN (SELECT id FROM call WHERE asked_by = 'http' AND started_at < :before ORDER BY started_at LIMIT :count);
