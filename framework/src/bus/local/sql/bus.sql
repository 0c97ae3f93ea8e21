-- procedure bus_zone() -> name TEXT
SELECT name FROM zone;

-- procedure bus_zone_claim(zone TEXT) -> name TEXT
INSERT INTO zone (one, name) VALUES (1, :zone) ON CONFLICT (one) DO UPDATE SET name = name RETURNING name;

-- procedure bus_queue_add(name TEXT, single BOOL)
INSERT INTO queue (name, single) VALUES (:name, :single) ON CONFLICT (name) DO UPDATE SET single = excluded.single;

-- procedure bus_queues() -> name TEXT
SELECT name FROM queue ORDER BY name;

-- procedure bus_binding_add(name TEXT, queue TEXT, lane INTEGER?)
INSERT INTO binding (name, queue, lane) VALUES (:name, :queue, :lane) ON CONFLICT DO NOTHING;

-- procedure bus_publish(name TEXT, lane INTEGER, envelope TEXT)
-- Due for every clock: a message that is not to wait must not be overtaken by one that another clock stamped.
INSERT INTO message (queue, envelope, not_before)
SELECT queue, :envelope, '1970-01-01T00:00:00.000000Z' FROM binding WHERE name = :name AND (lane IS NULL OR lane = :lane);

-- procedure bus_enqueue(queue TEXT, envelope TEXT)
INSERT INTO message (queue, envelope, not_before) SELECT name, :envelope, '1970-01-01T00:00:00.000000Z' FROM queue WHERE name = :queue;

-- procedure bus_due(queues JSON) -> queue TEXT, next_at TIME
SELECT asked.value AS queue, (SELECT MIN(not_before) FROM message WHERE queue = asked.value) AS next_at
FROM json_each(:queues) AS asked;

-- procedure bus_take(queue TEXT, count INTEGER, now TIME, owner TEXT, lease_until TIME) -> seq INTEGER, envelope TEXT, deliveries INTEGER
UPDATE message SET owner = :owner, not_before = :lease_until, deliveries = deliveries + 1
WHERE seq IN (SELECT seq FROM message INDEXED BY message_in_order WHERE queue = :queue AND not_before <= :now
    AND NOT EXISTS (SELECT 1 FROM message AS held INDEXED BY message_owned JOIN queue ON queue.name = held.queue
        WHERE held.owner IS NOT NULL AND held.queue = :queue AND held.owner <> :owner AND held.not_before > :now AND queue.single = 1)
    ORDER BY seq LIMIT :count)
RETURNING seq, envelope, deliveries;

-- procedure bus_renew(owner TEXT, lease_until TIME)
UPDATE message SET not_before = :lease_until WHERE owner = :owner;

-- procedure bus_done(seq INTEGER, owner TEXT)
DELETE FROM message WHERE seq = :seq AND owner = :owner;

-- procedure bus_retry(seq INTEGER, owner TEXT, envelope TEXT, not_before TIME)
UPDATE message SET owner = NULL, envelope = :envelope, not_before = :not_before, deliveries = 0
WHERE seq = :seq AND owner = :owner;

-- procedure bus_give_back(seq INTEGER, owner TEXT)
UPDATE message SET owner = NULL, not_before = '1970-01-01T00:00:00.000000Z', deliveries = deliveries - 1 WHERE seq = :seq AND owner = :owner;

-- procedure bus_give_back_all(owner TEXT)
UPDATE message SET owner = NULL, not_before = '1970-01-01T00:00:00.000000Z', deliveries = deliveries - 1 WHERE owner = :owner;

-- procedure bus_inherit(owner TEXT)
UPDATE message SET owner = NULL, not_before = '1970-01-01T00:00:00.000000Z' WHERE owner = :owner;

-- procedure bus_depth(queue TEXT) -> depth INTEGER
SELECT COUNT(*) AS depth FROM message WHERE queue = :queue;
