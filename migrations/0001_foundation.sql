-- One text for SQLite and Postgres. Instants are microseconds since 1970; ids are text made by
-- the application. Keys begin with the workspace, so that a store sharded by workspace fits.

CREATE TABLE workspace (
    id               TEXT NOT NULL PRIMARY KEY,
    slug             TEXT NOT NULL UNIQUE,
    slack_team       TEXT UNIQUE,      -- nothing until Slack has told us
    bot_user         TEXT,
    announce_channel TEXT,             -- the id behind the configured name, once found
    announce_name    TEXT,             -- the configured name that the id was found for
    catalogue        JSONB NOT NULL,   -- severities, statuses, roles, timestamps
    catalogue_version BIGINT NOT NULL, -- another one with every change of it
    created_at       BIGINT NOT NULL
);

CREATE TABLE counter (
    workspace TEXT NOT NULL,
    name      TEXT NOT NULL,
    value     BIGINT NOT NULL,
    PRIMARY KEY (workspace, name)
);

-- The present state, derived from the timeline. Columns beside `state` are there to be found by.
CREATE TABLE incident (
    workspace   TEXT NOT NULL,
    id          TEXT NOT NULL,
    number      BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    category    TEXT NOT NULL,
    severity    TEXT,
    visibility  TEXT NOT NULL,
    channel     TEXT,
    name_folded TEXT NOT NULL,         -- lower case, with the summary: what a text search looks at
    state       JSONB NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX incident_by_number ON incident (workspace, number);
CREATE UNIQUE INDEX incident_by_channel ON incident (workspace, channel) WHERE channel IS NOT NULL;
CREATE INDEX incident_by_category ON incident (workspace, category, number);
CREATE INDEX incident_by_severity ON incident (workspace, severity, number);

-- The record: append-only. Its key is the optimistic lock: two writers who saw the same version
-- both want to write the next one, and only one of them can.
CREATE TABLE timeline (
    workspace TEXT NOT NULL,
    incident  TEXT NOT NULL,
    version   BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    entry     JSONB NOT NULL,
    PRIMARY KEY (workspace, incident, version)
);

-- What was answered to what, so that a second delivery gets the first one's answer.
CREATE TABLE receipt (
    workspace TEXT NOT NULL,
    key       TEXT NOT NULL,
    answer    JSONB NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (workspace, key)
);

-- What remains to be done outside. A row that was done is deleted; state: 0 to do, 1 dead (given
-- up, kept until somebody decides).
CREATE TABLE outbox (
    workspace  TEXT NOT NULL,
    id         TEXT NOT NULL,
    key        TEXT NOT NULL,         -- what it is about: a second request for it joins the first
    lane       TEXT NOT NULL,
    seq        BIGINT NOT NULL,       -- the place in the lane
    incident   TEXT NOT NULL,
    work       JSONB NOT NULL,
    state      BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,       -- not before then
    attempts   BIGINT NOT NULL,       -- how often it was tried
    refused    BIGINT NOT NULL,       -- how many of these ended with a clear answer
    generation BIGINT NOT NULL,       -- how often it was asked for again
    last_error TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX outbox_by_key ON outbox (workspace, key);
CREATE INDEX outbox_by_lane ON outbox (workspace, lane, seq, id) WHERE state = 0;
CREATE INDEX outbox_dead ON outbox (workspace, created_at) WHERE state = 1;

-- A lane that has work. Workers lease lanes, not work: so a lane's work is done one after another,
-- and finding work costs the same however much of it waits behind. A lease is a `due_at` in the
-- future with the holder's word in `lease`; when it ends without an answer, the lane is due again.
CREATE TABLE lane (
    workspace TEXT NOT NULL,
    name      TEXT NOT NULL,
    due_at    BIGINT NOT NULL,
    lease     TEXT,
    PRIMARY KEY (workspace, name)
);
-- The one index without the workspace: a shard is asked what is due, whoever it is for.
CREATE INDEX lane_due ON lane (due_at);

-- What Slack shows, and where.
CREATE TABLE surface (
    workspace TEXT NOT NULL,
    incident  TEXT NOT NULL,
    kind      TEXT NOT NULL,
    channel   TEXT,
    ts        TEXT,
    shown     TEXT,                    -- a hash of what was last shown
    detail    JSONB NOT NULL,
    PRIMARY KEY (workspace, incident, kind)
);

-- Until when a method or channel must be left alone: Slack's Retry-After, and our own pace.
CREATE TABLE pace (
    workspace TEXT NOT NULL,
    key       TEXT NOT NULL,
    free_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace, key)
);

CREATE TABLE token (
    workspace  TEXT NOT NULL,
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    hash       TEXT NOT NULL,          -- SHA-256 of the token, which is random enough
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX token_by_hash ON token (hash);
CREATE UNIQUE INDEX token_by_name ON token (workspace, name);
