-- procedure result_add(result_key TEXT, value TEXT, size INTEGER, stays BOOL, now TIME)
INSERT INTO result (result_key, value, size, stays, used_at) VALUES (:result_key, :value, :size, :stays, :now)
ON CONFLICT (result_key) DO UPDATE SET stays = MAX(stays, excluded.stays), used_at = excluded.used_at;

-- procedure result_by_key(result_key TEXT) -> value TEXT
SELECT value FROM result WHERE result_key = :result_key;

-- procedure result_of_computation(computation_key TEXT) -> call_id TEXT, started_at TIME, result_key TEXT, value TEXT
SELECT c.id AS call_id, c.started_at, r.result_key, r.value
FROM call c JOIN result r ON r.result_key = c.result_key
WHERE c.computation_key = :computation_key ORDER BY c.started_at LIMIT 1;

-- procedure results_prune(before TIME, count INTEGER)
DELETE FROM result WHERE result_key IN (SELECT result_key FROM result WHERE stays = 0 AND used_at < :before ORDER BY used_at LIMIT :count);
