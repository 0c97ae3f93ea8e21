-- procedure dcp_queue_counts() -> subscriber TEXT, parked INTEGER, retrying INTEGER, dead INTEGER
SELECT subscriber, SUM(parked) AS parked, SUM(retrying) AS retrying, SUM(dead) AS dead FROM (
    SELECT subscriber, 1 AS parked, attempts > 0 AS retrying, 0 AS dead FROM dcp_parked
    UNION ALL SELECT subscriber, 0, 0, 1 FROM dcp_dead_letter)
GROUP BY subscriber ORDER BY subscriber;

-- procedure dcp_dead_letter_count(subscriber TEXT?, name TEXT?, message_id TEXT?, reason TEXT?, before TIME?) -> count INTEGER
SELECT COUNT(*) AS count FROM dcp_dead_letter
WHERE (:subscriber IS NULL OR subscriber = :subscriber) AND (:name IS NULL OR name = :name)
    AND (:message_id IS NULL OR message_id = :message_id) AND (:reason IS NULL OR reason = :reason)
    AND (:before IS NULL OR at < :before);
