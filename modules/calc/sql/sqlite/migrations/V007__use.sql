-- Who looks at the use of results, and not at their values, need not read these: a value stands before what follows it in its row.
CREATE INDEX result_use ON result (result_key, used_at, class, size, media_type);
