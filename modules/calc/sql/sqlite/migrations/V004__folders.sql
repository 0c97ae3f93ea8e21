-- A version may be a folder: what is in it, what its tests said when it was published, what it is.
ALTER TABLE script_version ADD COLUMN files TEXT;
ALTER TABLE script_version ADD COLUMN tests TEXT;
ALTER TABLE script_version ADD COLUMN description TEXT;

-- The files of folders, by the hash of the whole.
CREATE TABLE script_file (
    version TEXT NOT NULL,
    path TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (version, path)
) STRICT, WITHOUT ROWID;
