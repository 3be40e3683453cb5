-- By what incidents are found in lists, and counted. Only adds. What is there already is put into the
-- index by the program; until then it is looked at row by row.

ALTER TABLE incident ADD COLUMN created_at BIGINT;
ALTER TABLE incident ADD COLUMN updated_at BIGINT;
ALTER TABLE incident ADD COLUMN ended_at BIGINT;
-- The version that the index tells of. A replica that knows no index leaves it behind `version`.
ALTER TABLE incident ADD COLUMN listed_version BIGINT;
CREATE INDEX incident_by_creation ON incident (workspace, created_at, number);
CREATE INDEX incident_by_update ON incident (workspace, updated_at, number);
CREATE INDEX incident_by_end ON incident (workspace, ended_at, number) WHERE ended_at IS NOT NULL;
CREATE INDEX incident_not_listed ON incident (workspace, number) WHERE listed_version <> version;

-- Numbers are given in the order of time: when the last one was given.
ALTER TABLE counter ADD COLUMN at BIGINT;

-- Which incidents have what in common, as bits: the first of a block stands for its first number.
CREATE TABLE incident_index (
    workspace TEXT NOT NULL,
    key       TEXT NOT NULL,           -- facet and value: `severity=01…`
    block     BIGINT NOT NULL,         -- 8,192 numbers, from 0
    facet     TEXT NOT NULL,
    bits      BYTEA NOT NULL,          -- the places of the few, or 1 KiB for the many
    PRIMARY KEY (workspace, key, block)
);
CREATE INDEX incident_index_by_block ON incident_index (workspace, block);
CREATE INDEX incident_index_by_facet ON incident_index (workspace, facet, block);
