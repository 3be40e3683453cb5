-- Rules of our own: what Stentor itself watches. Only adds.

CREATE TABLE alert_rule (
    workspace   TEXT NOT NULL,
    id          TEXT NOT NULL,
    definition  JSONB NOT NULL,
    counts      BIGINT NOT NULL,       -- 1: it counts events while they are taken in
    evaluate_at BIGINT NOT NULL,       -- the instant it is evaluated for next
    last_error  TEXT,                  -- why the latest evaluation had no number
    version     BIGINT NOT NULL,
    made_by     TEXT NOT NULL,
    request     TEXT,                  -- the request that made it: a second one finds it
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX alert_rule_by_request ON alert_rule (workspace, request) WHERE request IS NOT NULL;
CREATE INDEX alert_rule_counting ON alert_rule (workspace, id) WHERE counts = 1;

-- Who wants to hear nothing of a rule for a while; the empty name stands for everyone.
CREATE TABLE alert_rule_snooze (
    workspace  TEXT NOT NULL,
    rule       TEXT NOT NULL,
    person     TEXT NOT NULL,
    until      BIGINT,                 -- nothing: until it is taken back
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, rule, person)
);

-- How a rule stands in each project.
CREATE TABLE alert_rule_standing (
    workspace TEXT NOT NULL,
    rule      TEXT NOT NULL,
    project   TEXT NOT NULL,
    state     JSONB NOT NULL,
    PRIMARY KEY (workspace, rule, project)
);

-- How many events a rule has counted in a minute (of those since 1970).
CREATE TABLE alert_rule_count (
    workspace TEXT NOT NULL,
    rule      TEXT NOT NULL,
    minute    BIGINT NOT NULL,
    project   TEXT NOT NULL,
    events    BIGINT NOT NULL,
    PRIMARY KEY (workspace, rule, minute, project)
);

-- Which different values it has met in a minute, as hashes.
CREATE TABLE alert_rule_value (
    workspace TEXT NOT NULL,
    rule      TEXT NOT NULL,
    minute    BIGINT NOT NULL,
    project   TEXT NOT NULL,
    value     TEXT NOT NULL,
    PRIMARY KEY (workspace, rule, minute, project, value)
);
