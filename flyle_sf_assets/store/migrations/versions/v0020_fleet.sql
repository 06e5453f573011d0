-- What the fleet's health and its metrics are read from, and what is posted to FLYLE_WEBHOOK_URL.

ALTER TABLE flyle.links ADD COLUMN companies bigint CHECK (companies >= 0);
ALTER TABLE flyle.links ADD COLUMN rejected bigint CHECK (rejected >= 0);
COMMENT ON COLUMN flyle.links.companies IS
    'Linked companies when they were last written; null before: all tenants are counted without reading companies';
COMMENT ON COLUMN flyle.links.rejected IS 'Values that were rejected and not resolved at the same time';

UPDATE flyle.links AS l SET
    companies = (SELECT count(*) FROM flyle.companies AS c WHERE c.tenant_id = l.tenant_id AND c.status = 'linked'),
    rejected = (SELECT count(*) FROM flyle.rejected_records AS r
        WHERE r.tenant_id = l.tenant_id AND r.resolved_at IS NULL)
WHERE l.first_synced_at IS NOT NULL;

CREATE TABLE flyle.sync_totals (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    kind text NOT NULL,
    state text NOT NULL,
    syncs bigint NOT NULL CHECK (syncs >= 0),
    seconds double precision NOT NULL CHECK (seconds >= 0),
    pulled bigint NOT NULL CHECK (pulled >= 0),
    api_calls bigint NOT NULL CHECK (api_calls >= 0),
    seconds_buckets bigint[] NOT NULL,
    pulled_buckets bigint[] NOT NULL,
    calls_buckets bigint[] NOT NULL,
    PRIMARY KEY (tenant_id, kind, state)
);
COMMENT ON TABLE flyle.sync_totals IS
    'Ended syncs of each tenant since migration 0020, by kind and result; the figures only grow';
COMMENT ON COLUMN flyle.sync_totals.seconds IS 'Sum of the syncs'' seconds, from their start to their end';
COMMENT ON COLUMN flyle.sync_totals.seconds_buckets IS
    'Internal: syncs by their seconds; the bounds are in store/syncs/sync_totals.py, the last has none';

CREATE INDEX syncs_by_end ON flyle.syncs (finished_at) INCLUDE (state, started_at) WHERE finished_at IS NOT NULL;

CREATE TABLE flyle.webhook_outbox (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    event_id uuid NOT NULL DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    subject text NOT NULL,
    payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
    created_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at timestamptz NOT NULL,
    delivered_at timestamptz,
    given_up_at timestamptz,
    last_answer text,
    PRIMARY KEY (tenant_id, event_id)
);
COMMENT ON TABLE flyle.webhook_outbox IS
    'What is posted to FLYLE_WEBHOOK_URL, at least once each; rows are deleted some days after their end';
COMMENT ON COLUMN flyle.webhook_outbox.kind IS 'A kind of flyle.notifications, or a fleet alert';
COMMENT ON COLUMN flyle.webhook_outbox.subject IS
    'Internal: what it is about; a fleet alert that goes on is not posted again';
COMMENT ON COLUMN flyle.webhook_outbox.payload IS 'Numbers and codes only: no secret, no value of a customer';
COMMENT ON COLUMN flyle.webhook_outbox.last_answer IS 'Why the last attempt failed: a status or a code, never a body';
CREATE INDEX webhooks_to_send ON flyle.webhook_outbox (next_attempt_at)
    WHERE delivered_at IS NULL AND given_up_at IS NULL;

SELECT flyle.protect_tenant_table('flyle.sync_totals', 'SELECT, INSERT, UPDATE', '');
SELECT flyle.protect_tenant_table('flyle.webhook_outbox', 'SELECT, INSERT, UPDATE, DELETE', '');
