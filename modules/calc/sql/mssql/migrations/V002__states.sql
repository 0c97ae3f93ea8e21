-- What a version is good for; one version of a name is effective at most.
ALTER TABLE dbo.script_version ADD state NVARCHAR(20) NOT NULL CONSTRAINT df_script_version_state DEFAULT N'superseded';
ALTER TABLE dbo.script_version ADD brought_by NVARCHAR(100) NULL;
ALTER TABLE dbo.script_version ADD examples NVARCHAR(MAX) NULL;
GO
UPDATE v SET state = N'effective' FROM dbo.script_version v JOIN dbo.script s ON s.name = v.name AND s.version = v.version;
-- What was published before had no examples to run.
UPDATE dbo.script_version SET examples = N'[]';
UPDATE dbo.script_version SET brought_by = published_by_name WHERE published_by_id LIKE N'service:%';
CREATE UNIQUE INDEX script_effective ON dbo.script_version (name) WHERE state = N'effective';
GO

-- Who changed the state of a version, when and why.
CREATE TABLE dbo.script_change (
    id BIGINT IDENTITY NOT NULL CONSTRAINT pk_script_change PRIMARY KEY,
    name NVARCHAR(100) NOT NULL,
    version NVARCHAR(64) NOT NULL,
    state NVARCHAR(20) NOT NULL,
    by_id NVARCHAR(400) NOT NULL,
    by_name NVARCHAR(400) NOT NULL,
    at DATETIMEOFFSET(6) NOT NULL,
    reason NVARCHAR(MAX) NULL
);
CREATE INDEX script_change_of ON dbo.script_change (name, version);
INSERT INTO dbo.script_change (name, version, state, by_id, by_name, at)
SELECT name, version, state, published_by_id, published_by_name, published_at FROM dbo.script_version ORDER BY published_at;
GO

-- Counts the changes of a name, so that other instances see that there is something new.
ALTER TABLE dbo.script DROP COLUMN version;
ALTER TABLE dbo.script DROP COLUMN changed_at;
ALTER TABLE dbo.script ADD revision BIGINT NOT NULL CONSTRAINT df_script_revision DEFAULT 1;
GO

-- Drafts are marked; a plot is a result of another media type.
ALTER TABLE dbo.result ADD draft BIT NOT NULL CONSTRAINT df_result_draft DEFAULT 0;
ALTER TABLE dbo.result ADD media_type NVARCHAR(100) NOT NULL CONSTRAINT df_result_media_type DEFAULT N'application/json';
-- `notes`: what R said beside the value, and why there is none, as JSON.
ALTER TABLE dbo.call ADD draft BIT NOT NULL CONSTRAINT df_call_draft DEFAULT 0;
ALTER TABLE dbo.call ADD notes NVARCHAR(MAX) NULL;
GO
-- The first call of a computation is found without looking at those that it answered.
DROP INDEX call_computation ON dbo.call;
CREATE INDEX call_computation ON dbo.call (computation_key, started_at) INCLUDE (draft, result_key) WHERE result_key IS NOT NULL;
CREATE INDEX call_result ON dbo.call (result_key, started_at) WHERE result_key IS NOT NULL;
CREATE INDEX call_started ON dbo.call (started_at);

-- The results a call took as arguments.
CREATE TABLE dbo.call_input (
    call_id NVARCHAR(100) NOT NULL,
    result_key NVARCHAR(64) NOT NULL,
    CONSTRAINT pk_call_input PRIMARY KEY (call_id, result_key)
);
CREATE INDEX call_input_used ON dbo.call_input (result_key);

-- Computations that gave another value when they were repeated; they are not answered from the store any more.
CREATE TABLE dbo.deviation (
    call_id NVARCHAR(100) NOT NULL CONSTRAINT pk_deviation PRIMARY KEY,
    computation_key NVARCHAR(64) NOT NULL,
    script NVARCHAR(100) NOT NULL,
    version NVARCHAR(64) NOT NULL,
    [function] NVARCHAR(400) NOT NULL,
    before_call_id NVARCHAR(100) NOT NULL,
    before_key NVARCHAR(64) NOT NULL,
    after_key NVARCHAR(64) NOT NULL,
    by_id NVARCHAR(400) NOT NULL,
    by_name NVARCHAR(400) NOT NULL,
    at DATETIMEOFFSET(6) NOT NULL,
    node NVARCHAR(100) NOT NULL
);
CREATE INDEX deviation_of ON dbo.deviation (computation_key);
