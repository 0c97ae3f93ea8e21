-- What came from the other zone; never changed and never deleted.
CREATE TABLE dbo.crossing (
    seq BIGINT IDENTITY PRIMARY KEY,
    id NVARCHAR(36) NOT NULL UNIQUE,
    name NVARCHAR(200) NOT NULL,
    [key] NVARCHAR(200) NOT NULL,
    source NVARCHAR(64) NOT NULL,
    zone NVARCHAR(16) NOT NULL,
    published_at DATETIMEOFFSET(6) NOT NULL,
    at DATETIMEOFFSET(6) NOT NULL
);
