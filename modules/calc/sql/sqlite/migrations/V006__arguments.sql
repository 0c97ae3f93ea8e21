-- The long arguments of calls, which are kept beside the results so that a call can be repeated; they go with the last call that was given them.
CREATE TABLE call_argument (
    call_id TEXT NOT NULL,
    result_key TEXT NOT NULL,
    PRIMARY KEY (call_id, result_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_argument_used ON call_argument (result_key);
CREATE INDEX result_argument ON result (result_key) WHERE media_type = 'application/vnd.dcp.argument+json';
