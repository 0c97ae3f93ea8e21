-- procedure dcp_dead_letter_add(subscriber TEXT, message_id TEXT, envelope TEXT, reason TEXT, attempts INTEGER, now TIME)
INSERT INTO dcp_dead_letter (subscriber, message_id, envelope, reason, attempts, at)
VALUES (:subscriber, :message_id, :envelope, :reason, :attempts, :now)
ON CONFLICT (subscriber, message_id) DO UPDATE SET reason = excluded.reason, attempts = excluded.attempts, at = excluded.at;

-- procedure dcp_dead_letters(subscriber TEXT?, count INTEGER) -> subscriber TEXT, message_id TEXT, envelope TEXT, reason TEXT, attempts INTEGER, at TIME
SELECT subscriber, message_id, envelope, reason, attempts, at FROM dcp_dead_letter
WHERE :subscriber IS NULL OR subscriber = :subscriber ORDER BY at, message_id LIMIT :count;

-- procedure dcp_dead_letter_remove(subscriber TEXT, message_id TEXT)
DELETE FROM dcp_dead_letter WHERE subscriber = :subscriber AND message_id = :message_id;
