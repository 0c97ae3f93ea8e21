-- procedure attempt_of(subject TEXT, since TIME) -> failures INTEGER, not_before TIME
SELECT failures, not_before FROM attempt WHERE subject = :subject AND last_at > :since;

-- procedure attempt_put(subject TEXT, failures INTEGER, now TIME, not_before TIME)
INSERT INTO attempt (subject, failures, last_at, not_before) VALUES (:subject, :failures, :now, :not_before)
ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at, not_before = excluded.not_before;

-- procedure attempt_forget(subject TEXT)
DELETE FROM attempt WHERE subject = :subject;

-- procedure attempt_undo(subject TEXT)
UPDATE attempt SET failures = failures - 1, not_before = last_at WHERE subject = :subject AND failures > 0;

-- procedure attempts_prune(before TIME)
DELETE FROM attempt WHERE last_at <= :before;

-- procedure address_known(login TEXT, address TEXT, since TIME) -> known INTEGER
SELECT COUNT(*) AS known FROM known_address k JOIN account a ON a.user_id = k.user_id
WHERE a.login = :login AND k.address = :address AND k.last_at > :since;

-- procedure address_put(user_id TEXT, address TEXT, now TIME)
INSERT INTO known_address (user_id, address, last_at) VALUES (:user_id, :address, :now)
ON CONFLICT (user_id, address) DO UPDATE SET last_at = excluded.last_at;

-- procedure addresses_prune(before TIME)
DELETE FROM known_address WHERE last_at <= :before;
