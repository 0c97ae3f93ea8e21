-- procedure dcp_outbox_add(id TEXT, destination TEXT, envelope TEXT, now TIME)
INSERT INTO dcp_outbox (id, destination, envelope, not_before) VALUES (:id, :destination, :envelope, :now);

-- procedure dcp_outbox_due(now TIME, count INTEGER) -> seq INTEGER, destination TEXT, envelope TEXT, attempts INTEGER
SELECT seq, destination, envelope, attempts FROM dcp_outbox WHERE not_before <= :now ORDER BY seq LIMIT :count;

-- procedure dcp_outbox_sent(seqs JSON)
DELETE FROM dcp_outbox WHERE seq IN (SELECT value FROM json_each(:seqs));

-- procedure dcp_outbox_postpone(seq INTEGER, not_before TIME)
UPDATE dcp_outbox SET not_before = :not_before, attempts = attempts + 1 WHERE seq = :seq;

-- procedure dcp_outbox_next() -> waiting INTEGER, next_at TIME
SELECT COUNT(*) AS waiting, MIN(not_before) AS next_at FROM dcp_outbox;
