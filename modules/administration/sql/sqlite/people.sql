-- procedure person_add(id TEXT, login TEXT, name TEXT, email TEXT, now TIME)
INSERT INTO person (id, login, name, email, active, created_at, changed_at) VALUES (:id, :login, :name, :email, 1, :now, :now);

-- procedure person_update(id TEXT, name TEXT, email TEXT, active BOOL, now TIME)
UPDATE person SET name = :name, email = :email, active = :active, changed_at = :now WHERE id = :id;

-- procedure person_told(id TEXT, told TEXT)
UPDATE person SET told = :told WHERE id = :id;

-- procedure person_by_id(id TEXT) -> id TEXT, login TEXT, name TEXT, email TEXT, active BOOL, created_at TIME, told TEXT
SELECT id, login, name, email, active, created_at, told FROM person WHERE id = :id;

-- procedure people() -> id TEXT, login TEXT, name TEXT, email TEXT, active BOOL, created_at TIME, told TEXT
SELECT id, login, name, email, active, created_at, told FROM person ORDER BY login LIMIT 10000;

-- procedure people_with_role(role_id TEXT) -> id TEXT
SELECT DISTINCT person_id AS id FROM role_grant WHERE role_id = :role_id ORDER BY person_id;

-- procedure grants_of(person_id TEXT) -> person_id TEXT, role_id TEXT, site TEXT
SELECT person_id, role_id, site FROM role_grant WHERE person_id = :person_id ORDER BY site, role_id;

-- procedure grants() -> person_id TEXT, role_id TEXT, site TEXT
SELECT person_id, role_id, site FROM role_grant ORDER BY person_id, site, role_id;

-- procedure grants_of_active_everywhere() -> person_id TEXT, role_id TEXT, site TEXT
SELECT g.person_id, g.role_id, g.site FROM role_grant g JOIN person p ON p.id = g.person_id WHERE p.active = 1 AND g.site = '*';

-- procedure grants_clear(person_id TEXT)
DELETE FROM role_grant WHERE person_id = :person_id;

-- procedure grant_add(person_id TEXT, role_id TEXT, site TEXT)
INSERT INTO role_grant (person_id, role_id, site) VALUES (:person_id, :role_id, :site);
