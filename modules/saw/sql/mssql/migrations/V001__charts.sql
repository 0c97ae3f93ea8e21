-- A chart: the values that were given and what the engine made of them.
CREATE TABLE dbo.chart (
    id NVARCHAR(36) NOT NULL PRIMARY KEY,
    site NVARCHAR(60) NOT NULL,
    title NVARCHAR(400) NOT NULL,
    request NVARCHAR(MAX) NOT NULL,
    state NVARCHAR(20) NOT NULL CHECK (state IN ('queued', 'collecting', 'ready', 'failed')),
    error_title NVARCHAR(400),
    error_detail NVARCHAR(MAX),
    call_id NVARCHAR(36) NOT NULL UNIQUE,
    deadline DATETIMEOFFSET(6) NOT NULL,
    ask_again BIT NOT NULL DEFAULT 0,
    result_key NVARCHAR(400),
    provenance NVARCHAR(MAX),
    result NVARCHAR(MAX),
    created_at DATETIMEOFFSET(6) NOT NULL,
    created_by_id NVARCHAR(400) NOT NULL,
    created_by_name NVARCHAR(400) NOT NULL
);
CREATE INDEX chart_by_site ON dbo.chart (site, created_at);
CREATE INDEX chart_by_state ON dbo.chart (state);
