-- procedure dcp_dead_letter_add(subscriber TEXT, message_id TEXT, name TEXT, source TEXT, message_key TEXT, ordered BOOL, envelope TEXT,
--   reason TEXT, attempts INTEGER, now TIME)
INSERT INTO dcp_dead_letter (subscriber, message_id, name, source, message_key, ordered, envelope, reason, attempts, at)
VALUES (:subscriber, :message_id, :name, :source, :message_key, :ordered, :envelope, :reason, :attempts, :now)
ON CONFLICT (subscriber, message_id) DO UPDATE SET reason = excluded.reason, attempts = excluded.attempts, at = excluded.at;

-- procedure dcp_dead_letters(subscriber TEXT?, name TEXT?, message_id TEXT?, reason TEXT?, before TIME?, count INTEGER) ->
--   subscriber TEXT, message_id TEXT, name TEXT, source TEXT, message_key TEXT, ordered BOOL, envelope TEXT, reason TEXT, attempts INTEGER, at TIME
SELECT subscriber, message_id, name, source, message_key, ordered, envelope, reason, attempts, at FROM dcp_dead_letter
WHERE (:subscriber IS NULL OR subscriber = :subscriber) AND (:name IS NULL OR name = :name)
    AND (:message_id IS NULL OR message_id = :message_id) AND (:reason IS NULL OR reason = :reason)
    AND (:before IS NULL OR at < :before)
ORDER BY at, message_id LIMIT :count;

-- procedure dcp_dead_letter_groups() ->
--   subscriber TEXT, name TEXT, reason TEXT, count INTEGER, ordered BOOL, oldest TIME, newest TIME
SELECT subscriber, name, reason, COUNT(*) AS count, MAX(ordered) AS ordered, MIN(at) AS oldest, MAX(at) AS newest
FROM dcp_dead_letter GROUP BY subscriber, name, reason ORDER BY newest DESC LIMIT 1000;

-- procedure dcp_dead_letter_remove(subscriber TEXT, message_id TEXT)
DELETE FROM dcp_dead_letter WHERE subscriber = :subscriber AND message_id = :message_id;

-- procedure dcp_dead_letter_decide(subscriber TEXT, message_id TEXT, name TEXT, decision TEXT, decided_by TEXT, why TEXT, now TIME)
INSERT INTO dcp_dead_letter_decision (subscriber, message_id, name, decision, decided_by, why, at)
VALUES (:subscriber, :message_id, :name, :decision, :decided_by, :why, :now);

-- procedure dcp_dead_letter_decisions(count INTEGER) ->
--   seq INTEGER, subscriber TEXT, message_id TEXT, name TEXT, decision TEXT, decided_by TEXT, why TEXT, at TIME
SELECT seq, subscriber, message_id, name, decision, decided_by, why, at FROM dcp_dead_letter_decision ORDER BY seq DESC LIMIT :count;
