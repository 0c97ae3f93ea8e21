-- Who looks at the use of results, and not at their values, need not read these.
CREATE INDEX result_use ON dbo.result (result_key) INCLUDE (used_at, class, size, media_type);
GO
