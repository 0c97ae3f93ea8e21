-- procedure dcp_inbox_add(subscriber TEXT, message_id TEXT, now TIME)
INSERT INTO dcp_inbox (subscriber, message_id, at) VALUES (:subscriber, :message_id, :now) ON CONFLICT DO NOTHING;

-- procedure dcp_inbox_has(subscriber TEXT, message_id TEXT) -> found INTEGER
SELECT COUNT(*) AS found FROM dcp_inbox WHERE subscriber = :subscriber AND message_id = :message_id;

-- procedure dcp_inbox_prune(before TIME, count INTEGER)
DELETE FROM dcp_inbox WHERE (subscriber, message_id) IN (
    SELECT subscriber, message_id FROM dcp_inbox WHERE at < :before ORDER BY at LIMIT :count);
