-- What the results of engines depend on (R, its library, the libraries below it), as far as somebody has found it good.
CREATE TABLE dbo.environment (
    fingerprint NVARCHAR(64) NOT NULL CONSTRAINT pk_environment PRIMARY KEY,
    facts NVARCHAR(MAX) NOT NULL,
    node NVARCHAR(100) NOT NULL,
    by_id NVARCHAR(400) NOT NULL,
    by_name NVARCHAR(400) NOT NULL,
    at DATETIMEOFFSET(6) NOT NULL,
    reason NVARCHAR(MAX) NOT NULL
);
