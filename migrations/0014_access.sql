-- Who is told over webhooks, how each attempt went, and what a token may do. Only adds.

CREATE TABLE webhook (
    workspace     TEXT NOT NULL,
    id            TEXT NOT NULL,
    url           TEXT NOT NULL,
    description   TEXT NOT NULL,
    events        JSONB NOT NULL,      -- the types of events that are sent there
    state         TEXT NOT NULL,       -- on, off (somebody said so) or broken (it failed for days)
    kept_secret   TEXT NOT NULL,       -- what signs
    kept_old      TEXT,                -- what signs, too, until then
    old_until     BIGINT,
    sealed_with   TEXT,                -- the key that sealed both; nothing if they lie open
    failing_since BIGINT,              -- since when nothing was taken there
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE TABLE webhook_attempt (
    workspace TEXT NOT NULL,
    id        TEXT NOT NULL,
    webhook   TEXT NOT NULL,
    message   TEXT NOT NULL,           -- what the receiver knows a repetition by
    event     TEXT NOT NULL,
    delivery  JSONB NOT NULL,          -- what was sent, so that it can be sent again
    at        BIGINT NOT NULL,
    took_ms   BIGINT NOT NULL,
    outcome   TEXT NOT NULL,           -- delivered, failed, given_up or skipped
    status    BIGINT,                  -- what was answered, if anything was
    error     TEXT,
    answer    TEXT,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX webhook_attempt_by_webhook ON webhook_attempt (workspace, webhook, id);
CREATE INDEX webhook_attempt_by_message ON webhook_attempt (workspace, webhook, message, id);

-- What a token may do: words. Nothing in tokens that are older than scopes.
ALTER TABLE token ADD COLUMN scopes JSONB;
