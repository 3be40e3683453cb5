-- What people call alerts by. Only adds.
CREATE TABLE alert_tag (
    workspace  TEXT NOT NULL,
    folded     TEXT NOT NULL,          -- the name in lower case: two that differ in case alone are one
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,          -- as it was written first
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, folded)
);
CREATE UNIQUE INDEX alert_tag_by_id ON alert_tag (workspace, id);
