-- procedure result_facts(result_key TEXT) -> class INTEGER, size INTEGER, media_type TEXT, draft BOOL, used_at TIME
SELECT class, size, media_type, draft, used_at FROM result WHERE result_key = :result_key;

-- procedure results_known(keys JSON) -> result_key TEXT
SELECT r.result_key FROM json_each(:keys) k CROSS JOIN result r INDEXED BY result_use WHERE r.result_key = k.value;

-- procedure results_used(keys JSON, class INTEGER, now TIME, before TIME)
UPDATE result SET used_at = :now, class = MAX(class, :class) WHERE result_key IN (
    SELECT r.result_key FROM json_each(:keys) k CROSS JOIN result r INDEXED BY result_use
    WHERE r.result_key = k.value AND (r.used_at < :before OR r.class < :class));

-- procedure result_retained(result_key TEXT, by_id TEXT, by_name TEXT, reason TEXT, now TIME)
INSERT INTO retention (result_key, by_id, by_name, at, reason)
SELECT result_key, :by_id, :by_name, :now, :reason FROM result WHERE result_key = :result_key;
UPDATE result SET class = 2 WHERE result_key = :result_key;

-- procedure retentions_of(result_key TEXT) -> by_id TEXT, by_name TEXT, at TIME, reason TEXT
SELECT by_id, by_name, at, reason FROM retention WHERE result_key = :result_key ORDER BY id;

-- procedure results_prune(ephemeral_before TIME, session_before TIME, now TIME, count INTEGER)
INSERT INTO pruned (result_key, at, why)
SELECT result_key, :now, 'age' FROM result
WHERE ((class = 0 AND used_at < :ephemeral_before) OR (class = 1 AND used_at < :session_before))
    AND media_type <> 'application/vnd.dcp.argument+json' ORDER BY used_at, result_key LIMIT :count
ON CONFLICT (result_key) DO UPDATE SET at = excluded.at, why = excluded.why;
DELETE FROM result WHERE result_key IN (
    SELECT result_key FROM result
    WHERE ((class = 0 AND used_at < :ephemeral_before) OR (class = 1 AND used_at < :session_before))
        AND media_type <> 'application/vnd.dcp.argument+json'
    ORDER BY used_at, result_key LIMIT :count);

-- procedure results_prune_size(bytes INTEGER, now TIME, count INTEGER)
INSERT INTO pruned (result_key, at, why)
SELECT result_key, :now, 'size' FROM (
    SELECT result_key, used_at, class, SUM(size) OVER (ORDER BY class DESC, media_type = 'application/vnd.dcp.argument+json', used_at DESC, result_key) AS together FROM result INDEXED BY result_use WHERE class < 2) AS kept
WHERE together > :bytes ORDER BY class, used_at, result_key DESC LIMIT :count
ON CONFLICT (result_key) DO UPDATE SET at = excluded.at, why = excluded.why;
DELETE FROM result WHERE result_key IN (
    SELECT result_key FROM (
        SELECT result_key, used_at, class, SUM(size) OVER (ORDER BY class DESC, media_type = 'application/vnd.dcp.argument+json', used_at DESC, result_key) AS together FROM result INDEXED BY result_use WHERE class < 2) AS kept
    WHERE together > :bytes ORDER BY class, used_at, result_key DESC LIMIT :count);

-- procedure arguments_prune(count INTEGER)
DELETE FROM result WHERE result_key IN (
    SELECT result_key FROM result r WHERE media_type = 'application/vnd.dcp.argument+json' AND class < 2
        AND NOT EXISTS (SELECT 1 FROM call_argument a WHERE a.result_key = r.result_key)
    ORDER BY result_key LIMIT :count);

-- procedure pruned_result(result_key TEXT) -> at TIME, why TEXT
SELECT at, why FROM pruned WHERE result_key = :result_key;

-- procedure pruned_forget(before TIME, count INTEGER)
DELETE FROM pruned WHERE result_key IN (SELECT result_key FROM pruned WHERE at < :before ORDER BY at, result_key LIMIT :count);

-- procedure maker_of_result(result_key TEXT) ->
--   id TEXT, script TEXT, version TEXT, function TEXT, draft BOOL, computation_key TEXT, arguments TEXT
SELECT id, script, version, function, draft, computation_key, arguments FROM call
WHERE result_key = :result_key ORDER BY arguments IS NULL, draft, started_at LIMIT 1;
