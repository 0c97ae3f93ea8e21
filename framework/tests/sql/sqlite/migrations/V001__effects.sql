-- No unique key: an effect that happened twice must show.
CREATE TABLE made (id TEXT NOT NULL) STRICT;
CREATE TABLE effect (id TEXT NOT NULL) STRICT;
