-- A version may be a folder: what is in it, what its tests said when it was published, what it is.
ALTER TABLE dbo.script_version ADD files NVARCHAR(MAX) NULL;
ALTER TABLE dbo.script_version ADD tests NVARCHAR(MAX) NULL;
ALTER TABLE dbo.script_version ADD description NVARCHAR(MAX) NULL;
GO

-- The files of folders, by the hash of the whole. Paths differ by the case of their letters too.
CREATE TABLE dbo.script_file (
    version NVARCHAR(64) NOT NULL,
    path NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    content VARBINARY(MAX) NOT NULL,
    CONSTRAINT pk_script_file PRIMARY KEY (version, path)
);
GO
