-- What people write down around an incident. Only adds.

-- What is to be done: actions while an incident lasts, follow-ups afterwards. The incident's state has
-- them too; here they are found across incidents.
CREATE TABLE item (
    workspace  TEXT NOT NULL,
    id         TEXT NOT NULL,
    incident   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    status     TEXT NOT NULL,
    assignee   TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body       JSONB NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX item_by_kind ON item (workspace, kind, id);
CREATE INDEX item_by_incident ON item (workspace, incident, kind, id);
CREATE INDEX item_by_assignee ON item (workspace, assignee, kind, id) WHERE assignee IS NOT NULL;

-- What belongs to an incident elsewhere.
CREATE TABLE attachment (
    workspace     TEXT NOT NULL,
    id            TEXT NOT NULL,
    incident      TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    external_id   TEXT NOT NULL,
    body          JSONB NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX attachment_by_incident ON attachment (workspace, incident, id);
CREATE INDEX attachment_by_resource ON attachment (workspace, resource_type, external_id, id);

-- Documents about an incident, and what those say that are written here.
CREATE TABLE document (
    workspace  TEXT NOT NULL,
    id         TEXT NOT NULL,
    incident   TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    body       JSONB NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX document_by_incident ON document (workspace, incident, id);
CREATE TABLE document_text (
    workspace TEXT NOT NULL,
    document  TEXT NOT NULL,
    markdown  TEXT NOT NULL,
    PRIMARY KEY (workspace, document)
);

-- Who has looked at an incident, and when last. That changes nothing, so the record says nothing of it.
CREATE TABLE seen (
    workspace TEXT NOT NULL,
    incident  TEXT NOT NULL,
    person    TEXT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (workspace, incident, person)
);

-- The updates of all incidents, by time.
CREATE INDEX timeline_updates ON timeline (workspace, at, incident, version)
    WHERE entry->'event'->>'type' IN ('update_posted', 'status_changed', 'severity_changed', 'merged_into');
