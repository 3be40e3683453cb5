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

-- What remains to be done outside. A row that was done is deleted; state: 0 ready, 1 leased,
-- 2 dead (given up, kept until somebody decides).
CREATE TABLE outbox (
    workspace   TEXT NOT NULL,
    id          TEXT NOT NULL,
    key         TEXT NOT NULL,         -- what it is about: a second request for it joins the first
    lane        TEXT NOT NULL,         -- first in, first out
    seq         BIGINT NOT NULL,       -- the place in the lane
    incident    TEXT NOT NULL,
    work        JSONB NOT NULL,
    state       BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,       -- how often it was tried
    refused     BIGINT NOT NULL,       -- how many of these ended with a clear answer
    generation  BIGINT NOT NULL,       -- how often it was asked for
    lease       BIGINT NOT NULL,       -- the fencing token: one more with every lease
    lease_until BIGINT NOT NULL,
    last_error  TEXT,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX outbox_by_key ON outbox (workspace, key);
CREATE INDEX outbox_by_lane ON outbox (workspace, lane, seq) WHERE state <> 2;
CREATE INDEX outbox_ready ON outbox (due_at) WHERE state = 0;
CREATE INDEX outbox_leased ON outbox (lease_until) WHERE state = 1;
CREATE INDEX outbox_dead ON outbox (workspace, created_at) WHERE state = 2;

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
