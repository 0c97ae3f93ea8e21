-- procedure dcp_migrations() -> owner TEXT, version INTEGER, name TEXT, checksum TEXT
SELECT owner, version, name, checksum FROM dcp_migration ORDER BY owner, version;
