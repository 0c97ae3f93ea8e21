-- The zone a bridge has brought it from; none for what happened in this one.
ALTER TABLE activity ADD COLUMN brought_from TEXT;
