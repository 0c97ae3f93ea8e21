-- Every version of every script, named by the hash of its source.
CREATE TABLE dbo.script_version (
    name NVARCHAR(100) NOT NULL,
    version NVARCHAR(64) NOT NULL,
    source NVARCHAR(MAX) NOT NULL,
    functions NVARCHAR(MAX) NOT NULL,
    packages NVARCHAR(MAX) NOT NULL,
    published_by_id NVARCHAR(400) NOT NULL,
    published_by_name NVARCHAR(400) NOT NULL,
    published_at DATETIMEOFFSET(6) NOT NULL,
    CONSTRAINT pk_script_version PRIMARY KEY (name, version)
);

-- The version that a call without one gets.
CREATE TABLE dbo.script (
    name NVARCHAR(100) NOT NULL CONSTRAINT pk_script PRIMARY KEY,
    version NVARCHAR(64) NOT NULL,
    changed_at DATETIMEOFFSET(6) NOT NULL
);

-- Values by the hash of their JSON.
CREATE TABLE dbo.result (
    result_key NVARCHAR(64) NOT NULL CONSTRAINT pk_result PRIMARY KEY,
    value NVARCHAR(MAX) NOT NULL,
    size BIGINT NOT NULL,
    stays BIT NOT NULL,
    used_at DATETIMEOFFSET(6) NOT NULL
);
CREATE INDEX result_age ON dbo.result (used_at) WHERE stays = 0;

-- What was called, by whom, and what it gave.
CREATE TABLE dbo.call (
    id NVARCHAR(100) NOT NULL CONSTRAINT pk_call PRIMARY KEY,
    script NVARCHAR(100) NOT NULL,
    version NVARCHAR(64) NOT NULL,
    [function] NVARCHAR(400) NOT NULL,
    site NVARCHAR(100) NULL,
    requested_by_id NVARCHAR(400) NOT NULL,
    requested_by_name NVARCHAR(400) NOT NULL,
    asked_by NVARCHAR(100) NOT NULL,
    started_at DATETIMEOFFSET(6) NOT NULL,
    duration_ms FLOAT NOT NULL,
    computation_key NVARCHAR(64) NOT NULL,
    result_key NVARCHAR(64) NULL,
    failure NVARCHAR(100) NULL,
    outcome NVARCHAR(MAX) NULL
);
CREATE INDEX call_computation ON dbo.call (computation_key) WHERE result_key IS NOT NULL;
CREATE INDEX call_age ON dbo.call (started_at) WHERE asked_by = N'http';
