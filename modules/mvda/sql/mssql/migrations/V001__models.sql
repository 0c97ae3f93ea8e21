-- A version of a model: what was asked for, how far it is, what came out.
CREATE TABLE dbo.model (
    id NVARCHAR(36) NOT NULL PRIMARY KEY,
    site NVARCHAR(60) NOT NULL,
    name NVARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL,
    version BIGINT NOT NULL,
    kind NVARCHAR(20) NOT NULL,
    state NVARCHAR(20) NOT NULL CHECK (state IN ('queued', 'running', 'collecting', 'ready', 'failed', 'cancelled')),
    fraction FLOAT NOT NULL DEFAULT 0,
    message NVARCHAR(400) NOT NULL DEFAULT '',
    unit_web_id NVARCHAR(400) NOT NULL,
    request NVARCHAR(MAX) NOT NULL,
    origin NVARCHAR(MAX) NOT NULL,
    components BIGINT NOT NULL,
    batches BIGINT NOT NULL,
    reference_batches BIGINT NOT NULL,
    r2y FLOAT,
    abnormal BIGINT,
    error_title NVARCHAR(400),
    error_detail NVARCHAR(MAX),
    call_id NVARCHAR(36) NOT NULL UNIQUE,
    deadline DATETIMEOFFSET(6) NOT NULL,
    ask_again_at DATETIMEOFFSET(6),
    result_key NVARCHAR(400),
    provenance NVARCHAR(MAX),
    created_at DATETIMEOFFSET(6) NOT NULL,
    created_by_id NVARCHAR(400) NOT NULL,
    created_by_name NVARCHAR(400) NOT NULL,
    finished_at DATETIMEOFFSET(6),
    archived BIT NOT NULL DEFAULT 0,
    revision BIGINT NOT NULL,
    UNIQUE (site, name, version)
);
CREATE INDEX model_by_site ON dbo.model (site, created_at);
CREATE INDEX model_by_revision ON dbo.model (revision);
CREATE INDEX model_by_state ON dbo.model (state);

-- The result as the engine gave it, so that it outlives the engine's store.
CREATE TABLE dbo.model_result (
    model_id NVARCHAR(36) NOT NULL PRIMARY KEY REFERENCES dbo.model (id),
    body NVARCHAR(MAX) NOT NULL
);

-- Explanations that were asked for: they never change, because neither the model nor its data do. `place` is -1 for a whole batch.
CREATE TABLE dbo.contribution (
    model_id NVARCHAR(36) NOT NULL REFERENCES dbo.model (id),
    batch NVARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL,
    place BIGINT NOT NULL,
    statistic NVARCHAR(10) NOT NULL,
    body NVARCHAR(MAX) NOT NULL,
    PRIMARY KEY (model_id, batch, place, statistic)
);

-- Counts every change of any model; taken in the transaction of the change, so that readers see no gaps.
CREATE TABLE dbo.model_revision (
    id INT NOT NULL PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);
INSERT INTO dbo.model_revision (id, value) VALUES (1, 0);
