-- No unique keys: what happened twice must show. `record` stands for the audit trail: one entry for each change or effect.
CREATE TABLE dbo.change (seq BIGINT IDENTITY NOT NULL PRIMARY KEY, id NVARCHAR(36) NOT NULL, subject NVARCHAR(100) NOT NULL, number BIGINT NOT NULL);
CREATE TABLE dbo.effect (seq BIGINT IDENTITY NOT NULL PRIMARY KEY, id NVARCHAR(36) NOT NULL, subject NVARCHAR(100) NOT NULL, number BIGINT NOT NULL);
CREATE TABLE dbo.record (seq BIGINT IDENTITY NOT NULL PRIMARY KEY, id NVARCHAR(36) NOT NULL);
