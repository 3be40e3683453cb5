-- Attributes of alerts, heartbeats, and what programs wrote word for word. Only adds.

-- What the labels of alerts mean: an attribute has a name for people, and the label that has its value.
CREATE TABLE alert_attribute (
    workspace  TEXT NOT NULL,
    id         TEXT NOT NULL,
    folded     TEXT NOT NULL,          -- the name in lower case: two that differ in case alone are one
    body       JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX alert_attribute_by_name ON alert_attribute (workspace, folded);

-- When sources of heartbeats were heard of last.
CREATE TABLE heartbeat (
    workspace TEXT NOT NULL,
    source    TEXT NOT NULL,
    pinged_at BIGINT NOT NULL,
    due_at    BIGINT,                  -- when the silence is an alert; nothing once it is one
    PRIMARY KEY (workspace, source)
);
-- One look for all workspaces, like that for alerts that end by themselves.
CREATE INDEX heartbeat_due ON heartbeat (due_at) WHERE due_at IS NOT NULL;

-- What a program of another format wrote, shown to it again for as long as it says what is so.
CREATE TABLE written_as (
    workspace TEXT NOT NULL,
    about     TEXT NOT NULL,           -- which format, and what kind of thing
    id        TEXT NOT NULL,           -- of the thing
    says      TEXT NOT NULL,           -- a hash of the thing as it was then
    document  JSONB NOT NULL,
    PRIMARY KEY (workspace, about, id)
);

-- How often a setting was laid down, so that nobody writes over what they have not seen.
ALTER TABLE alert_setting ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
