-- A lane has one consumer at a time and collects the events of some keys.
ALTER TABLE queue ADD COLUMN single INTEGER NOT NULL DEFAULT 0;
ALTER TABLE binding ADD COLUMN lane INTEGER;
