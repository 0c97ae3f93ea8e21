-- In SQLite long values move out of the way of those who search; SQL Server keeps them outside the row by itself, so that nothing changes
-- here. The versions of both are the same, because `dcp migrate` tells one number.
SELECT 8 AS version;
