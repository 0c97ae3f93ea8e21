-- procedure chart_add(id TEXT, site TEXT, title TEXT, request JSON, call_id TEXT, deadline TIME, created_at TIME, created_by_id TEXT, created_by_name TEXT)
INSERT INTO chart (id, site, title, request, state, call_id, deadline, created_at, created_by_id, created_by_name)
VALUES (:id, :site, :title, :request, 'queued', :call_id, :deadline, :created_at, :created_by_id, :created_by_name);

-- procedure charts_of_site(site TEXT) -> id TEXT, title TEXT, state TEXT, error_title TEXT, error_detail TEXT, created_at TIME, created_by_id TEXT, created_by_name TEXT
SELECT id, title, state, error_title, error_detail, created_at, created_by_id, created_by_name
FROM chart WHERE site = :site ORDER BY created_at DESC, id DESC LIMIT 200;

-- procedure chart_by_id(site TEXT, id TEXT) -> id TEXT, title TEXT, state TEXT, error_title TEXT, error_detail TEXT, created_at TIME, created_by_id TEXT, created_by_name TEXT, request JSON, provenance JSON, result JSON
SELECT id, title, state, error_title, error_detail, created_at, created_by_id, created_by_name, request, provenance, result
FROM chart WHERE site = :site AND id = :id;

-- procedure chart_calculated(call_id TEXT, result_key TEXT, provenance JSON)
UPDATE chart SET state = 'collecting', result_key = :result_key, provenance = :provenance
WHERE call_id = :call_id AND state = 'queued';

-- procedure chart_failed(call_id TEXT, error_title TEXT, error_detail JSON)
UPDATE chart SET state = 'failed', error_title = :error_title, error_detail = :error_detail
WHERE call_id = :call_id AND state IN ('queued', 'collecting');

-- procedure chart_postponed(call_id TEXT, next_call_id TEXT)
UPDATE chart SET call_id = :next_call_id, ask_again = 1 WHERE call_id = :call_id AND state = 'queued';

-- procedure charts_to_ask_again() -> id TEXT, site TEXT, request JSON, call_id TEXT, deadline TIME, created_by_id TEXT, created_by_name TEXT
SELECT id, site, request, call_id, deadline, created_by_id, created_by_name FROM chart WHERE state = 'queued' AND ask_again = 1 ORDER BY created_at LIMIT 20;

-- procedure chart_asked_again(id TEXT)
UPDATE chart SET ask_again = 0 WHERE id = :id AND state = 'queued' AND ask_again = 1;

-- procedure charts_to_collect() -> id TEXT, site TEXT, title TEXT, result_key TEXT, created_by_id TEXT, created_by_name TEXT
SELECT id, site, title, result_key, created_by_id, created_by_name FROM chart WHERE state = 'collecting' ORDER BY created_at LIMIT 20;

-- procedure charts_overdue(now TIME) -> call_id TEXT
SELECT call_id FROM chart WHERE state IN ('queued', 'collecting') AND deadline < :now ORDER BY deadline LIMIT 20;

-- procedure chart_ready(id TEXT, result JSON)
UPDATE chart SET state = 'ready', result = :result WHERE id = :id AND state = 'collecting';
