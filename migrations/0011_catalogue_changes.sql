-- Who changed what in a workspace's catalogue, and when. Only adds.
CREATE TABLE catalogue_change (
    workspace TEXT NOT NULL,
    version   BIGINT NOT NULL, -- of the catalogue, after the change
    at        BIGINT NOT NULL,
    entry     JSONB NOT NULL,
    PRIMARY KEY (workspace, version)
);
