-- procedure activity_add(at TIME, site TEXT?, restricted BOOL, actor_id TEXT, actor_name TEXT, kind TEXT, module TEXT,
--   title_en TEXT, title_de TEXT, subject_type TEXT, subject_id TEXT, subject_name TEXT, link TEXT?, brought_from TEXT?)
INSERT INTO activity (at, site, restricted, actor_id, actor_name, kind, module, title_en, title_de, subject_type, subject_id, subject_name, link, brought_from)
VALUES (:at, :site, :restricted, :actor_id, :actor_name, :kind, :module, :title_en, :title_de, :subject_type, :subject_id, :subject_name, :link, :brought_from);

-- procedure activity_before(site TEXT, everything BOOL, before INTEGER, count INTEGER) ->
--   seq INTEGER, at TIME, site TEXT, restricted BOOL, actor_id TEXT, actor_name TEXT, kind TEXT, module TEXT,
--   title_en TEXT, title_de TEXT, subject_type TEXT, subject_id TEXT, subject_name TEXT, link TEXT, brought_from TEXT
SELECT seq, at, site, restricted, actor_id, actor_name, kind, module, title_en, title_de, subject_type, subject_id, subject_name, link, brought_from
FROM activity WHERE seq < :before AND (site = :site OR site IS NULL) AND (restricted = 0 OR :everything = 1)
ORDER BY seq DESC LIMIT :count;

-- procedure activity_after(after INTEGER, count INTEGER) ->
--   seq INTEGER, at TIME, site TEXT, restricted BOOL, actor_id TEXT, actor_name TEXT, kind TEXT, module TEXT,
--   title_en TEXT, title_de TEXT, subject_type TEXT, subject_id TEXT, subject_name TEXT, link TEXT, brought_from TEXT
SELECT seq, at, site, restricted, actor_id, actor_name, kind, module, title_en, title_de, subject_type, subject_id, subject_name, link, brought_from
FROM activity WHERE seq > :after ORDER BY seq LIMIT :count;

-- procedure activity_last() -> seq INTEGER
SELECT COALESCE(MAX(seq), 0) AS seq FROM activity;
