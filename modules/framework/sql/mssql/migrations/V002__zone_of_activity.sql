-- The zone a bridge has brought it from; none for what happened in this one.
ALTER TABLE dbo.activity ADD brought_from NVARCHAR(16) NULL;
