CREATE PROCEDURE dbo.script_add
    @name NVARCHAR(400),
    @version NVARCHAR(400),
    @source NVARCHAR(MAX),
    @functions NVARCHAR(MAX),
    @packages NVARCHAR(MAX),
    @examples NVARCHAR(MAX) = NULL,
    @files NVARCHAR(MAX) = NULL,
    @tests NVARCHAR(MAX) = NULL,
    @description NVARCHAR(MAX) = NULL,
    @state NVARCHAR(400),
    @brought_by NVARCHAR(400) = NULL,
    @by_id NVARCHAR(400),
    @by_name NVARCHAR(400),
    @now DATETIMEOFFSET(6)
AS
INSERT INTO dbo.script_change (name, version, state, by_id, by_name, at)
SELECT @name, @version, @state, @by_id, @by_name, @now
WHERE NOT EXISTS (SELECT 1 FROM dbo.script_version WITH (UPDLOCK, HOLDLOCK) WHERE name = @name AND version = @version);
INSERT INTO dbo.script_version (name, version, source, functions, packages, examples, files, tests, description, state, brought_by,
    published_by_id, published_by_name, published_at)
SELECT @name, @version, @source, @functions, @packages, @examples, @files, @tests, @description, @state, @brought_by, @by_id, @by_name, @now
WHERE NOT EXISTS (SELECT 1 FROM dbo.script_version WITH (UPDLOCK, HOLDLOCK) WHERE name = @name AND version = @version);
GO

CREATE PROCEDURE dbo.script_file_add
    @version NVARCHAR(400),
    @path NVARCHAR(400),
    @content VARBINARY(MAX)
AS
INSERT INTO dbo.script_file (version, path, content)
SELECT @version, @path, @content
WHERE NOT EXISTS (SELECT 1 FROM dbo.script_file WITH (UPDLOCK, HOLDLOCK) WHERE version = @version AND path = @path COLLATE Latin1_General_100_BIN2);
GO

-- returns path NVARCHAR(MAX), content VARBINARY(MAX)
CREATE PROCEDURE dbo.script_files
    @version NVARCHAR(400)
AS
SELECT path, content FROM dbo.script_file WHERE version = @version ORDER BY path;
GO

CREATE PROCEDURE dbo.script_superseded
    @name NVARCHAR(400),
    @by_id NVARCHAR(400),
    @by_name NVARCHAR(400),
    @now DATETIMEOFFSET(6)
AS
INSERT INTO dbo.script_change (name, version, state, by_id, by_name, at)
SELECT name, version, N'superseded', @by_id, @by_name, @now FROM dbo.script_version WITH (UPDLOCK, HOLDLOCK)
WHERE name = @name AND state = N'effective';
UPDATE dbo.script_version SET state = N'superseded' WHERE name = @name AND state = N'effective';
GO

CREATE PROCEDURE dbo.script_state_changed
    @name NVARCHAR(400),
    @version NVARCHAR(400),
    @before NVARCHAR(400),
    @state NVARCHAR(400),
    @by_id NVARCHAR(400),
    @by_name NVARCHAR(400),
    @reason NVARCHAR(MAX) = NULL,
    @now DATETIMEOFFSET(6)
AS
INSERT INTO dbo.script_change (name, version, state, by_id, by_name, at, reason)
SELECT name, version, @state, @by_id, @by_name, @now, @reason FROM dbo.script_version WITH (UPDLOCK, HOLDLOCK)
WHERE name = @name AND version = @version AND state = @before;
UPDATE dbo.script_version SET state = @state WHERE name = @name AND version = @version AND state = @before;
GO

CREATE PROCEDURE dbo.script_examples_ran
    @name NVARCHAR(400),
    @version NVARCHAR(400),
    @examples NVARCHAR(MAX)
AS
UPDATE dbo.script_version SET examples = @examples WHERE name = @name AND version = @version;
GO

CREATE PROCEDURE dbo.script_changed
    @name NVARCHAR(400)
AS
UPDATE dbo.script WITH (UPDLOCK, HOLDLOCK) SET revision = revision + 1 WHERE name = @name;
IF @@ROWCOUNT = 0 INSERT INTO dbo.script (name) VALUES (@name);
GO

-- returns name NVARCHAR(MAX), revision BIGINT
CREATE PROCEDURE dbo.script_heads
AS
SELECT name, revision FROM dbo.script;
GO

-- returns version NVARCHAR(MAX), source NVARCHAR(MAX), functions NVARCHAR(MAX), packages NVARCHAR(MAX), examples NVARCHAR(MAX), files NVARCHAR(MAX), tests NVARCHAR(MAX), description NVARCHAR(MAX), state NVARCHAR(MAX), brought_by NVARCHAR(MAX), published_by_id NVARCHAR(MAX), published_by_name NVARCHAR(MAX), published_at DATETIMEOFFSET(6)
CREATE PROCEDURE dbo.script_versions
    @name NVARCHAR(400)
AS
SELECT version, source, functions, packages, examples, files, tests, description, state, brought_by, published_by_id, published_by_name,
    published_at
FROM dbo.script_version WHERE name = @name ORDER BY published_at, version;
GO

-- returns version NVARCHAR(MAX), state NVARCHAR(MAX), by_id NVARCHAR(MAX), by_name NVARCHAR(MAX), at DATETIMEOFFSET(6), reason NVARCHAR(MAX)
CREATE PROCEDURE dbo.script_changes
    @name NVARCHAR(400)
AS
SELECT version, state, by_id, by_name, at, reason FROM dbo.script_change WHERE name = @name ORDER BY id;
GO
