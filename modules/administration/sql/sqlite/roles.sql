-- procedure role_add(id TEXT, name TEXT, description TEXT, permissions JSON, now TIME)
INSERT INTO role (id, name, description, permissions, changed_at) VALUES (:id, :name, :description, :permissions, :now);

-- procedure role_update(id TEXT, name TEXT, description TEXT, permissions JSON, now TIME)
UPDATE role SET name = :name, description = :description, permissions = :permissions, changed_at = :now WHERE id = :id;

-- procedure roles() -> id TEXT, name TEXT, description TEXT, permissions JSON
SELECT id, name, description, permissions FROM role ORDER BY name LIMIT 1000;
