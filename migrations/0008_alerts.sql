-- What monitoring says, and what it is folded into. Only adds.

-- Who may send alerts, and how they prove who they are.
CREATE TABLE source (
    workspace   TEXT NOT NULL,
    id          TEXT NOT NULL,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    secret_hash TEXT NOT NULL,         -- SHA-256 of the secret, which is random enough
    old_hash    TEXT,                  -- the secret before the last rotation, until `old_until`
    old_until   BIGINT,
    kept_secret TEXT,                  -- for kinds that sign: the secret itself, sealed where there is a key
    kept_old    TEXT,                  -- the one before
    sealed_with TEXT,                  -- the key that sealed both; nothing if they lie open
    settings    JSONB NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX source_by_name ON source (workspace, name);
-- A request names its source, or shows its secret, and only then is its workspace known.
CREATE UNIQUE INDEX source_by_id ON source (id);
CREATE INDEX source_by_secret ON source (secret_hash);
CREATE INDEX source_by_old_secret ON source (old_hash) WHERE old_hash IS NOT NULL;

-- One row for each workspace that has alerts. Whoever folds alerts locks it, so that two replicas
-- never fold at once; `writer` tells whether what a replica remembers is still true.
CREATE TABLE alert_desk (
    workspace TEXT NOT NULL PRIMARY KEY,
    writer    TEXT NOT NULL,
    settings  BIGINT NOT NULL          -- another number with every change of `alert_setting`
);

-- Correlation patterns, routes, silences, inhibitions and maintenance windows.
CREATE TABLE alert_setting (
    workspace  TEXT NOT NULL,
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    body       JSONB NOT NULL,
    ends_at    BIGINT,                 -- when it can be forgotten a while after
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, kind, id)
);

-- An alert as it stands. Columns beside `state` are there to be found by.
CREATE TABLE alert (
    workspace  TEXT NOT NULL,
    id         TEXT NOT NULL,
    source     TEXT NOT NULL,
    key        TEXT NOT NULL,          -- a hash of the source and its deduplication key
    current    BIGINT NOT NULL,        -- 1: an observation with this key is about this one
    firing     BIGINT NOT NULL,
    grp        TEXT NOT NULL,          -- the group it is in
    version    BIGINT NOT NULL,
    state      JSONB NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX alert_by_key ON alert (workspace, key) WHERE current = 1;
CREATE INDEX alert_by_group ON alert (workspace, grp, id);
CREATE INDEX alert_firing ON alert (workspace, id) WHERE firing = 1;
CREATE INDEX alert_by_source ON alert (workspace, source, id);

-- What changes with every repeat, in rows so narrow that thousands of them fit into a few pages.
CREATE TABLE alert_seen (
    workspace TEXT NOT NULL,
    alert     TEXT NOT NULL,
    last_seen BIGINT NOT NULL,
    ends_at   BIGINT,                  -- when it resolves by itself
    check_at  BIGINT,                  -- when to look at that: at its end, or before
    PRIMARY KEY (workspace, alert)
);
-- Without the workspace: all that is over is looked for at once.
CREATE INDEX alert_seen_due ON alert_seen (check_at) WHERE check_at IS NOT NULL;

-- Every change of an alert's state; never changed.
CREATE TABLE alert_change (
    workspace TEXT NOT NULL,
    alert     TEXT NOT NULL,
    version   BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    change    JSONB NOT NULL,
    PRIMARY KEY (workspace, alert, version)
);

-- Alerts that belong together: one incident, or part of one.
CREATE TABLE alert_group (
    workspace TEXT NOT NULL,
    id        TEXT NOT NULL,
    incident  TEXT,                    -- the incident it is part of
    waits     BIGINT NOT NULL,         -- 1: it may yet open an incident
    version   BIGINT NOT NULL,
    state     JSONB NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX alert_group_by_incident ON alert_group (workspace, incident) WHERE incident IS NOT NULL;
CREATE INDEX alert_group_waiting ON alert_group (workspace, id) WHERE waits = 1;

-- By what new alerts find their group: a pattern and the values of its labels.
CREATE TABLE alert_group_key (
    workspace TEXT NOT NULL,
    key       TEXT NOT NULL,
    grp       TEXT NOT NULL,
    PRIMARY KEY (workspace, key, grp)
);
CREATE INDEX alert_group_key_by_group ON alert_group_key (workspace, grp);

-- Deployments and the like: what changed before it broke.
CREATE TABLE change_event (
    workspace TEXT NOT NULL,
    id        TEXT NOT NULL,
    source    TEXT NOT NULL,
    key       TEXT NOT NULL,           -- a hash of the source and the sender's own id
    at        BIGINT NOT NULL,
    body      JSONB NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX change_event_by_key ON change_event (workspace, key);
CREATE INDEX change_event_by_time ON change_event (workspace, at);
