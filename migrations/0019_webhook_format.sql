-- In whose words a webhook is told. Older replicas tell all of them in those of incident.io.
ALTER TABLE webhook ADD COLUMN format TEXT NOT NULL DEFAULT 'incident_io';
