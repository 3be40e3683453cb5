-- People, who is on call when, and who is paged. Only adds.

-- The people of the workspace, as Slack tells of them.
CREATE TABLE person (
    workspace TEXT NOT NULL,
    id        TEXT NOT NULL,           -- their id in Slack
    name      TEXT NOT NULL,
    email     TEXT,
    folded    TEXT,                    -- the address in small letters, by which they are found
    time_zone TEXT,
    active    BIGINT NOT NULL,
    seen_at   BIGINT NOT NULL,         -- when Slack last told of them
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX person_by_email ON person (workspace, folded) WHERE folded IS NOT NULL;

-- Who is on call when.
CREATE TABLE schedule (
    workspace  TEXT NOT NULL,
    id         TEXT NOT NULL,
    definition JSONB NOT NULL,
    archived   BIGINT NOT NULL,        -- 1: nobody uses it any more
    on_call    JSONB NOT NULL,         -- who was on call when it was last looked at
    version    BIGINT NOT NULL,
    request    TEXT,                   -- the request that made it: a second one finds it
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX schedule_by_request ON schedule (workspace, request) WHERE request IS NOT NULL;

-- Who stands in for whom.
CREATE TABLE schedule_override (
    workspace  TEXT NOT NULL,
    id         TEXT NOT NULL,
    schedule   TEXT NOT NULL,
    body       JSONB NOT NULL,
    ends_at    BIGINT NOT NULL,
    request    TEXT,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX schedule_override_by_schedule ON schedule_override (workspace, schedule, ends_at, id);
CREATE UNIQUE INDEX schedule_override_by_request ON schedule_override (workspace, request) WHERE request IS NOT NULL;

-- Whom to page, and whom then.
CREATE TABLE escalation_path (
    workspace  TEXT NOT NULL,
    id         TEXT NOT NULL,
    definition JSONB NOT NULL,
    archived   BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    turns      BIGINT NOT NULL,        -- how often it was used: one after another is paged first
    request    TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX escalation_path_by_request ON escalation_path (workspace, request) WHERE request IS NOT NULL;

-- Who changed schedules and paths, and who took over from whom; never changed.
CREATE TABLE oncall_change (
    workspace TEXT NOT NULL,
    id        TEXT NOT NULL,
    subject   TEXT NOT NULL,           -- the schedule or path
    at        BIGINT NOT NULL,
    change    JSONB NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX oncall_change_by_subject ON oncall_change (workspace, subject, id);

-- Somebody being paged. Columns beside `state` are there to be found by.
CREATE TABLE escalation (
    workspace  TEXT NOT NULL,
    id         TEXT NOT NULL,
    status     TEXT NOT NULL,
    path       TEXT,
    incident   TEXT,
    request    TEXT,                   -- the request that began it: a second one finds it
    key        TEXT,                   -- what its caller called that request
    version    BIGINT NOT NULL,
    state      JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX escalation_by_request ON escalation (workspace, request) WHERE request IS NOT NULL;
CREATE INDEX escalation_by_incident ON escalation (workspace, incident, id) WHERE incident IS NOT NULL;
CREATE INDEX escalation_by_path ON escalation (workspace, path, id) WHERE path IS NOT NULL;
CREATE INDEX escalation_by_status ON escalation (workspace, status, id);

-- The alerts that an escalation is about.
CREATE TABLE escalation_alert (
    workspace  TEXT NOT NULL,
    alert      TEXT NOT NULL,
    escalation TEXT NOT NULL,
    PRIMARY KEY (workspace, alert, escalation)
);

-- The messages that page people, as Slack shows them.
CREATE TABLE escalation_page (
    workspace  TEXT NOT NULL,
    escalation TEXT NOT NULL,
    page       BIGINT NOT NULL,
    channel    TEXT NOT NULL,
    ts         TEXT NOT NULL,
    shown      TEXT NOT NULL,          -- a hash of what was last shown
    PRIMARY KEY (workspace, escalation, page)
);
