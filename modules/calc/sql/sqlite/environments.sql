-- procedure environment_add(fingerprint TEXT, facts JSON, node TEXT, by_id TEXT, by_name TEXT, reason TEXT, now TIME)
INSERT INTO environment (fingerprint, facts, node, by_id, by_name, at, reason)
VALUES (:fingerprint, :facts, :node, :by_id, :by_name, :now, :reason) ON CONFLICT DO NOTHING;

-- procedure environments() -> fingerprint TEXT, node TEXT, by_id TEXT, by_name TEXT, at TIME, reason TEXT
SELECT fingerprint, node, by_id, by_name, at, reason FROM environment ORDER BY at, fingerprint;
