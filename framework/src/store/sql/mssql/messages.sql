-- returns subscriber NVARCHAR(300), parked INT, retrying INT, dead INT
CREATE PROCEDURE dbo.dcp_queue_counts AS
SELECT subscriber, SUM(parked) AS parked, SUM(retrying) AS retrying, SUM(dead) AS dead FROM (
    SELECT subscriber, 1 AS parked, CASE WHEN attempts > 0 THEN 1 ELSE 0 END AS retrying, 0 AS dead FROM dbo.dcp_parked
    UNION ALL SELECT subscriber, 0, 0, 1 FROM dbo.dcp_dead_letter) AS held
GROUP BY subscriber ORDER BY subscriber;
GO

-- returns count INT
CREATE PROCEDURE dbo.dcp_dead_letter_count @subscriber NVARCHAR(300) = NULL, @name NVARCHAR(200) = NULL, @message_id NVARCHAR(36) = NULL,
    @reason NVARCHAR(MAX) = NULL, @before DATETIMEOFFSET(6) = NULL AS
SELECT COUNT(*) AS count FROM dbo.dcp_dead_letter
WHERE (@subscriber IS NULL OR subscriber = @subscriber) AND (@name IS NULL OR name = @name)
    AND (@message_id IS NULL OR message_id = @message_id) AND (@reason IS NULL OR reason = @reason)
    AND (@before IS NULL OR at < @before);
