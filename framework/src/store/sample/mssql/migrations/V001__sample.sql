CREATE TABLE dbo.sample (
    id BIGINT NOT NULL PRIMARY KEY,
    name NVARCHAR(40) NOT NULL,
    weight FLOAT,
    ready BIT NOT NULL,
    tags NVARCHAR(MAX) NOT NULL,
    at DATETIMEOFFSET(6) NOT NULL
);
CREATE TABLE dbo.sample_note (
    id BIGINT IDENTITY NOT NULL PRIMARY KEY,
    sample BIGINT NOT NULL REFERENCES dbo.sample (id),
    note NVARCHAR(400) NOT NULL
);
GO
CREATE TRIGGER dbo.sample_note_kept ON dbo.sample_note INSTEAD OF DELETE AS
IF EXISTS (SELECT 1 FROM deleted)
BEGIN
    THROW 50000, 'notes are kept', 1;
END;
