-- The long arguments of calls, which are kept beside the results so that a call can be repeated; they go with the last call that was given them.
CREATE TABLE dbo.call_argument (
    call_id NVARCHAR(100) NOT NULL,
    result_key NVARCHAR(64) NOT NULL,
    CONSTRAINT pk_call_argument PRIMARY KEY (call_id, result_key)
);
CREATE INDEX call_argument_used ON dbo.call_argument (result_key);
CREATE INDEX result_argument ON dbo.result (result_key) WHERE media_type = N'application/vnd.dcp.argument+json';
GO
