-- Only adds, so that an older binary goes on beside this one.

-- Which turn of Slack's this work has been given and waits for: it must not queue for it again.
ALTER TABLE outbox ADD COLUMN turn TEXT;
-- How far work has come that takes several calls of which none may be repeated.
ALTER TABLE outbox ADD COLUMN step TEXT;
-- How often in a row Slack could not be reached, in the row that says until when it is left alone.
ALTER TABLE pace ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
-- Whose leases are there: a process that died on this machine is noticed before they end.
CREATE INDEX lane_leased ON lane (lease) WHERE lease IS NOT NULL;
-- What is old enough to be forgotten.
CREATE INDEX receipt_by_age ON receipt (workspace, at);
CREATE INDEX pace_by_age ON pace (workspace, free_at);
-- Where Slack can't be reached: few, and asked for whenever work is looked for.
CREATE INDEX pace_resting ON pace (key) WHERE failures > 0;
