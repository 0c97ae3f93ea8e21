-- procedure dcp_key_state(subscriber TEXT, message_key TEXT, message_id TEXT, follows TEXT?) ->
--   held BOOL, blocked BOOL, first TEXT, first_at INTEGER, ready BOOL
SELECT EXISTS (SELECT 1 FROM dcp_parked WHERE subscriber = :subscriber AND message_id = :message_id)
        OR EXISTS (SELECT 1 FROM dcp_dead_letter WHERE subscriber = :subscriber AND message_id = :message_id) AS held,
    EXISTS (SELECT 1 FROM dcp_dead_letter WHERE subscriber = :subscriber AND message_key = :message_key AND ordered = 1) AS blocked,
    (SELECT message_id FROM dcp_parked WHERE subscriber = :subscriber AND message_key = :message_key ORDER BY position LIMIT 1) AS first,
    (SELECT MIN(position) FROM dcp_parked WHERE subscriber = :subscriber AND message_key = :message_key) AS first_at,
    :follows IS NULL OR EXISTS (SELECT 1 FROM dcp_inbox WHERE subscriber = :subscriber AND message_id = :follows)
        OR EXISTS (SELECT 1 FROM dcp_dead_letter WHERE subscriber = :subscriber AND message_id = :follows) AS ready;

-- procedure dcp_parked_add(subscriber TEXT, message_id TEXT, message_key TEXT, position INTEGER, awaits TEXT?, envelope TEXT,
--   reason TEXT?, attempts INTEGER, next_at TIME?, now TIME)
INSERT INTO dcp_parked (subscriber, message_id, message_key, position, awaits, envelope, reason, attempts, next_at, at)
VALUES (:subscriber, :message_id, :message_key, :position, :awaits, :envelope, :reason, :attempts, :next_at, :now)
ON CONFLICT DO NOTHING;

-- procedure dcp_parked_due(now TIME, count INTEGER) ->
--   subscriber TEXT, message_id TEXT, message_key TEXT, awaits TEXT, envelope TEXT, attempts INTEGER, at TIME
SELECT subscriber, message_id, message_key, awaits, envelope, attempts, at FROM dcp_parked
WHERE next_at <= :now ORDER BY next_at LIMIT :count;

-- procedure dcp_parked_next() -> next_at TIME
SELECT MIN(next_at) AS next_at FROM dcp_parked WHERE next_at IS NOT NULL;

-- procedure dcp_parked_size(subscriber TEXT) -> waiting INTEGER
SELECT COUNT(*) AS waiting FROM dcp_parked WHERE subscriber = :subscriber;

-- procedure dcp_parked_set(subscriber TEXT, message_id TEXT, reason TEXT?, attempts INTEGER, next_at TIME?)
UPDATE dcp_parked SET reason = :reason, attempts = :attempts, next_at = :next_at
WHERE subscriber = :subscriber AND message_id = :message_id;

-- procedure dcp_parked_hold(subscriber TEXT, message_key TEXT)
UPDATE dcp_parked SET next_at = NULL WHERE subscriber = :subscriber AND message_key = :message_key AND next_at IS NOT NULL;

-- procedure dcp_parked_remove(subscriber TEXT, message_id TEXT)
DELETE FROM dcp_parked WHERE subscriber = :subscriber AND message_id = :message_id;

-- procedure dcp_parked_go_on(subscriber TEXT, message_key TEXT, now TIME)
UPDATE dcp_parked SET next_at = :now WHERE subscriber = :subscriber AND message_key = :message_key AND next_at IS NULL
    AND position = (SELECT MIN(first.position) FROM dcp_parked AS first WHERE first.subscriber = :subscriber AND first.message_key = :message_key)
    AND NOT EXISTS (SELECT 1 FROM dcp_dead_letter WHERE subscriber = :subscriber AND message_key = :message_key AND ordered = 1);
