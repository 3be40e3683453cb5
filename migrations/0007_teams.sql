-- The Slack workspaces of an organisation that has installed Stentor for all of them, as far as
-- Stentor was used there or has found them. Where it is installed in one workspace, there is no row.
CREATE TABLE team (
    workspace        TEXT NOT NULL,
    team             TEXT NOT NULL,   -- Slack's id: T…
    known_at         BIGINT NOT NULL, -- channels that nobody in Slack asked for are opened in the first one
    announce_channel TEXT,            -- as in `workspace`, where there is one alone
    announce_name    TEXT,
    PRIMARY KEY (workspace, team)
);
