-- No unique key: an effect that happened twice must show.
CREATE TABLE dbo.made (seq BIGINT IDENTITY NOT NULL PRIMARY KEY, id NVARCHAR(36) NOT NULL);
CREATE TABLE dbo.effect (seq BIGINT IDENTITY NOT NULL PRIMARY KEY, id NVARCHAR(36) NOT NULL);
