-- Who has installed Stentor in Slack, and with which token.

-- One row for each workspace that was installed through the browser. Tokens are sealed with the key
-- that `sealed_with` names, for this workspace and this purpose alone.
CREATE TABLE installation (
    workspace     TEXT NOT NULL PRIMARY KEY,
    version       BIGINT NOT NULL,     -- another one with every change: whoever holds a token compares it
    state         TEXT NOT NULL,       -- active, refused (Slack takes the token no more), uninstalled
    reason        TEXT,                -- why it is not active
    name          TEXT NOT NULL,       -- what the workspace or organisation is called in Slack
    app           TEXT NOT NULL,
    scopes        TEXT NOT NULL,       -- with commas, as Slack says them
    installed_by  TEXT NOT NULL,
    installed_at  BIGINT NOT NULL,
    changed_at    BIGINT NOT NULL,     -- when the state became what it is
    sealed_with   TEXT,
    bot_token     TEXT,                -- nothing once it was uninstalled
    refresh_token TEXT,                -- only where the app rotates its tokens
    expires_at    BIGINT,
    refresher     TEXT,                -- who is getting the next token, and until when nobody else may
    refresh_until BIGINT
);

-- Tokens of the settings that Slack takes no more, by their hash: another token in the settings is
-- another matter.
CREATE TABLE refused_token (
    workspace TEXT NOT NULL,
    hash      TEXT NOT NULL,
    state     TEXT NOT NULL,           -- as in `installation`
    reason    TEXT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (workspace, hash)
);

-- Browsers that are on their way to Slack and back. No workspace is known yet: this is the one table
-- without it.
CREATE TABLE install_attempt (
    state      TEXT NOT NULL PRIMARY KEY, -- a hash of what Slack gives back
    browser    TEXT NOT NULL,             -- a hash of what only this browser has
    expires_at BIGINT NOT NULL
);
