CREATE PROCEDURE dbo.chart_add
    @id NVARCHAR(36),
    @site NVARCHAR(60),
    @title NVARCHAR(400),
    @request NVARCHAR(MAX),
    @call_id NVARCHAR(36),
    @deadline DATETIMEOFFSET(6),
    @created_at DATETIMEOFFSET(6),
    @created_by_id NVARCHAR(400),
    @created_by_name NVARCHAR(400)
AS
INSERT INTO dbo.chart (id, site, title, request, state, call_id, deadline, created_at, created_by_id, created_by_name)
VALUES (@id, @site, @title, @request, 'queued', @call_id, @deadline, @created_at, @created_by_id, @created_by_name);
GO

-- returns id NVARCHAR(MAX), title NVARCHAR(MAX), state NVARCHAR(MAX), error_title NVARCHAR(MAX), error_detail NVARCHAR(MAX), created_at DATETIMEOFFSET(6), created_by_id NVARCHAR(MAX), created_by_name NVARCHAR(MAX)
CREATE PROCEDURE dbo.charts_of_site
    @site NVARCHAR(60)
AS
SELECT TOP (200) id, title, state, error_title, error_detail, created_at, created_by_id, created_by_name
FROM dbo.chart WHERE site = @site ORDER BY created_at DESC, id DESC;
GO

-- returns id NVARCHAR(MAX), title NVARCHAR(MAX), state NVARCHAR(MAX), error_title NVARCHAR(MAX), error_detail NVARCHAR(MAX), created_at DATETIMEOFFSET(6), created_by_id NVARCHAR(MAX), created_by_name NVARCHAR(MAX), request NVARCHAR(MAX), provenance NVARCHAR(MAX), result NVARCHAR(MAX)
CREATE PROCEDURE dbo.chart_by_id
    @site NVARCHAR(60),
    @id NVARCHAR(36)
AS
SELECT id, title, state, error_title, error_detail, created_at, created_by_id, created_by_name, request, provenance, result
FROM dbo.chart WHERE site = @site AND id = @id;
GO

CREATE PROCEDURE dbo.chart_calculated
    @call_id NVARCHAR(36),
    @result_key NVARCHAR(400),
    @provenance NVARCHAR(MAX)
AS
UPDATE dbo.chart SET state = 'collecting', result_key = @result_key, provenance = @provenance
WHERE call_id = @call_id AND state = 'queued';
GO

CREATE PROCEDURE dbo.chart_failed
    @call_id NVARCHAR(36),
    @error_title NVARCHAR(400),
    @error_detail NVARCHAR(MAX)
AS
UPDATE dbo.chart SET state = 'failed', error_title = @error_title, error_detail = @error_detail
WHERE call_id = @call_id AND state IN ('queued', 'collecting');
GO

CREATE PROCEDURE dbo.chart_postponed
    @call_id NVARCHAR(36),
    @next_call_id NVARCHAR(36)
AS
UPDATE dbo.chart SET call_id = @next_call_id, ask_again = 1 WHERE call_id = @call_id AND state = 'queued';
GO

-- returns id NVARCHAR(MAX), site NVARCHAR(MAX), request NVARCHAR(MAX), call_id NVARCHAR(MAX), deadline DATETIMEOFFSET(6), created_by_id NVARCHAR(MAX), created_by_name NVARCHAR(MAX)
CREATE PROCEDURE dbo.charts_to_ask_again
AS
SELECT TOP (20) id, site, request, call_id, deadline, created_by_id, created_by_name FROM dbo.chart WHERE state = 'queued' AND ask_again = 1 ORDER BY created_at;
GO

CREATE PROCEDURE dbo.chart_asked_again
    @id NVARCHAR(36)
AS
UPDATE dbo.chart SET ask_again = 0 WHERE id = @id AND state = 'queued' AND ask_again = 1;
GO

-- returns id NVARCHAR(MAX), site NVARCHAR(MAX), title NVARCHAR(MAX), result_key NVARCHAR(MAX), created_by_id NVARCHAR(MAX), created_by_name NVARCHAR(MAX)
CREATE PROCEDURE dbo.charts_to_collect
AS
SELECT TOP (20) id, site, title, result_key, created_by_id, created_by_name FROM dbo.chart WHERE state = 'collecting' ORDER BY created_at;
GO

-- returns call_id NVARCHAR(MAX)
CREATE PROCEDURE dbo.charts_overdue
    @now DATETIMEOFFSET(6)
AS
SELECT TOP (20) call_id FROM dbo.chart WHERE state IN ('queued', 'collecting') AND deadline < @now ORDER BY deadline;
GO

CREATE PROCEDURE dbo.chart_ready
    @id NVARCHAR(36),
    @result NVARCHAR(MAX)
AS
UPDATE dbo.chart SET state = 'ready', result = @result WHERE id = @id AND state = 'collecting';
GO
