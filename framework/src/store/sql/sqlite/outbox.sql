-- procedure dcp_outbox_add(id TEXT, destination TEXT, name TEXT, message_key TEXT, envelope TEXT, now TIME)
INSERT INTO dcp_outbox (id, destination, name, message_key, envelope, not_before)
VALUES (:id, :destination, :name, :message_key, :envelope, :now);

-- procedure dcp_outbox_due(now TIME, after INTEGER, count INTEGER) ->
--   seq INTEGER, destination TEXT, envelope TEXT, attempts INTEGER, follows TEXT
SELECT seq, destination, envelope, attempts,
    (SELECT earlier.id FROM dcp_outbox AS earlier
     WHERE earlier.name = dcp_outbox.name AND earlier.message_key = dcp_outbox.message_key AND earlier.seq < dcp_outbox.seq
     ORDER BY earlier.seq DESC LIMIT 1) AS follows
FROM dcp_outbox WHERE sent_at IS NULL AND seq > :after AND (attempts = 0 OR not_before <= :now) ORDER BY seq LIMIT :count;

-- procedure dcp_outbox_await(seqs JSON, look_at TIME)
INSERT INTO dcp_awaiting (message_id, queue, seq, look_at)
SELECT dcp_outbox.id, dcp_subscriber.queue, dcp_outbox.seq, :look_at FROM dcp_outbox JOIN dcp_subscriber ON dcp_subscriber.event = dcp_outbox.name
WHERE dcp_outbox.seq IN (SELECT value FROM json_each(:seqs)) AND dcp_outbox.destination = 'topic'
ON CONFLICT DO NOTHING;

-- procedure dcp_outbox_sent(seqs JSON, now TIME)
DELETE FROM dcp_outbox WHERE seq IN (SELECT value FROM json_each(:seqs))
    AND NOT EXISTS (SELECT 1 FROM dcp_awaiting WHERE dcp_awaiting.seq = dcp_outbox.seq);
UPDATE dcp_outbox SET sent_at = :now WHERE seq IN (SELECT value FROM json_each(:seqs));

-- procedure dcp_outbox_postpone(seq INTEGER, not_before TIME)
UPDATE dcp_outbox SET not_before = :not_before, attempts = attempts + 1 WHERE seq = :seq;

-- procedure dcp_outbox_next() -> fresh BOOL, next_at TIME
SELECT EXISTS (SELECT 1 FROM dcp_outbox WHERE sent_at IS NULL AND attempts = 0) AS fresh,
    (SELECT MIN(not_before) FROM dcp_outbox WHERE sent_at IS NULL AND attempts > 0) AS next_at;

-- procedure dcp_outbox_size() -> waiting INTEGER, oldest TIME, kept INTEGER
SELECT COALESCE(SUM(sent_at IS NULL), 0) AS waiting,
    (SELECT MIN(json_extract(envelope, '$.time')) FROM (SELECT envelope FROM dcp_outbox WHERE sent_at IS NULL ORDER BY seq LIMIT 1)) AS oldest,
    COALESCE(SUM(sent_at IS NOT NULL), 0) AS kept
FROM dcp_outbox;

-- procedure dcp_outbox_overdue(now TIME, lost_before TIME, busy JSON, count INTEGER) ->
--   seq INTEGER, message_id TEXT, envelope TEXT, looks INTEGER, queue TEXT, lanes INTEGER, lost BOOL, follows TEXT
SELECT seq, id AS message_id, envelope, looks, queue, lanes, lost,
    (SELECT earlier.id FROM dcp_outbox AS earlier
     WHERE earlier.name = overdue.name AND earlier.message_key = overdue.message_key AND earlier.seq < overdue.seq
     ORDER BY earlier.seq DESC LIMIT 1) AS follows
FROM (SELECT dcp_outbox.*, dcp_awaiting.queue, dcp_awaiting.looks, dcp_subscriber.lanes,
        dcp_subscriber.lanes = 0 AND dcp_subscriber.received_seq > dcp_outbox.seq AND dcp_outbox.sent_at < :lost_before AS lost
    FROM dcp_awaiting JOIN dcp_outbox ON dcp_outbox.seq = dcp_awaiting.seq
        JOIN dcp_subscriber ON dcp_subscriber.event = dcp_outbox.name AND dcp_subscriber.queue = dcp_awaiting.queue
    WHERE dcp_awaiting.look_at <= :now) AS overdue
WHERE lost OR queue NOT IN (SELECT value FROM json_each(:busy)) ORDER BY seq LIMIT :count;

-- procedure dcp_outbox_look_later(queue TEXT, ids JSON, look_at TIME, again INTEGER)
UPDATE dcp_awaiting SET look_at = :look_at, looks = looks + :again
WHERE queue = :queue AND message_id IN (SELECT value FROM json_each(:ids));

-- procedure dcp_outbox_look_now(now TIME)
UPDATE dcp_awaiting SET look_at = :now WHERE look_at > :now;

-- procedure dcp_outbox_received(queue TEXT, ids JSON)
UPDATE dcp_subscriber SET received_seq = MAX(received_seq, COALESCE((SELECT MAX(seq) FROM dcp_awaiting
    WHERE dcp_awaiting.queue = :queue AND message_id IN (SELECT value FROM json_each(:ids))), 0)) WHERE queue = :queue;
DELETE FROM dcp_awaiting WHERE queue = :queue AND message_id IN (SELECT value FROM json_each(:ids));
DELETE FROM dcp_outbox WHERE sent_at IS NOT NULL AND id IN (SELECT value FROM json_each(:ids))
    AND NOT EXISTS (SELECT 1 FROM dcp_awaiting WHERE dcp_awaiting.message_id = dcp_outbox.id);

-- procedure dcp_outbox_prune()
DELETE FROM dcp_awaiting WHERE NOT EXISTS (SELECT 1 FROM dcp_subscriber WHERE dcp_subscriber.queue = dcp_awaiting.queue);
DELETE FROM dcp_outbox WHERE sent_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM dcp_awaiting WHERE dcp_awaiting.seq = dcp_outbox.seq);

-- procedure dcp_subscriber_seen(event TEXT, queue TEXT, lanes INTEGER, now TIME)
INSERT INTO dcp_subscriber (event, queue, lanes, seen_at) VALUES (:event, :queue, :lanes, :now)
ON CONFLICT (event, queue) DO UPDATE SET seen_at = excluded.seen_at, lanes = excluded.lanes;

-- procedure dcp_subscriber_prune(before TIME)
DELETE FROM dcp_subscriber WHERE seen_at < :before;
