-- Until when events of a workspace were heard: what happened in Slack after that is read back when
-- the way from Slack is open again.
CREATE TABLE heard (
    workspace TEXT NOT NULL PRIMARY KEY,
    until     BIGINT NOT NULL
);
