-- The history of companies in one partition per month (UTC), and one for every other month: a row
-- always has a place, also when nothing has made its month.

ALTER TABLE flyle.company_changes RENAME TO company_changes_before;
ALTER TABLE flyle.company_changes_before RENAME CONSTRAINT company_changes_pkey TO company_changes_before_pkey;
ALTER INDEX flyle.changes_of_sync RENAME TO changes_of_sync_before;

-- PostgreSQL 16 and older have no identity columns in partitioned tables.
CREATE SEQUENCE flyle.company_change_ids AS bigint;

CREATE TABLE flyle.company_changes (
    change_id bigint NOT NULL DEFAULT nextval('flyle.company_change_ids'),
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    external_id text NOT NULL,
    field text NOT NULL,
    old jsonb,
    new jsonb,
    sync_id bigint,
    changed_at timestamptz NOT NULL,
    of_row boolean NOT NULL DEFAULT false,
    reason text,
    PRIMARY KEY (tenant_id, external_id, change_id, changed_at)
) PARTITION BY RANGE (changed_at);
CREATE INDEX changes_of_sync ON flyle.company_changes (tenant_id, sync_id, external_id)
    WHERE sync_id > 0;
CREATE TABLE flyle.company_changes_rest PARTITION OF flyle.company_changes DEFAULT;
ALTER TABLE flyle.company_changes_rest ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE flyle.company_changes IS 'What changed in rows that existed before; a creation is in companies.created_at';
COMMENT ON COLUMN flyle.company_changes.field IS 'A custom field''s key; with of_row a column of companies';
COMMENT ON COLUMN flyle.company_changes.old IS 'SQL null: the row had no such member; JSON null: it was blank';
COMMENT ON COLUMN flyle.company_changes.new IS
    'SQL null: a rollback took the member away; of a column of companies: it is null';
COMMENT ON COLUMN flyle.company_changes.reason IS
    'parent_deleted:<path> or parent_missing:<path>: that parent is gone, so the value is blank;'
    ' type_changed: the mapping has another type; rolled_back:<sync> or resumed:<sync>: a person'
    ' took that sync back, or ended it; null: the record itself says so';
COMMENT ON COLUMN flyle.company_changes.of_row IS
    'Internal: field is name, status, status_reason or merged_into of the row, not a custom field of that key';
COMMENT ON INDEX flyle.changes_of_sync IS
    'The companies that a sync changed; only a query that states its condition can use it';
COMMENT ON TABLE flyle.company_changes_rest IS
    'Changes of months without a partition of their own; normally empty';

SELECT flyle.protect_tenant_table('flyle.company_changes', 'SELECT, INSERT', '');
GRANT USAGE ON SEQUENCE flyle.company_change_ids TO flyle_app;

-- The owner of the tables calls these; a partition has no policies, so that nobody else reads it
-- but through the table, whose policies apply.

CREATE FUNCTION flyle.add_history_month(at timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    month timestamp := date_trunc('month', at AT TIME ZONE 'UTC');
    starts timestamptz := month AT TIME ZONE 'UTC';
    ends timestamptz := (month + interval '1 month') AT TIME ZONE 'UTC';
    name text := 'company_changes_' || to_char(month, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('flyle.history', 0));
    IF to_regclass('flyle.' || name) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- Made beside the table and attached: that locks no reader and no writer of the other months.
    EXECUTE format('CREATE TABLE flyle.%I (LIKE flyle.company_changes INCLUDING DEFAULTS'
        ' INCLUDING CONSTRAINTS, CONSTRAINT in_month CHECK (changed_at >= %L AND changed_at < %L))',
        name, starts, ends);
    EXECUTE format('ALTER TABLE flyle.%I ENABLE ROW LEVEL SECURITY', name);
    LOCK TABLE flyle.company_changes_rest IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('WITH moved AS (DELETE FROM flyle.company_changes_rest'
        ' WHERE changed_at >= %L AND changed_at < %L RETURNING *) INSERT INTO flyle.%I'
        ' SELECT * FROM moved', starts, ends, name);
    EXECUTE format('ALTER TABLE flyle.company_changes ATTACH PARTITION flyle.%I'
        ' FOR VALUES FROM (%L) TO (%L)', name, starts, ends);
    EXECUTE format('ALTER TABLE flyle.%I DROP CONSTRAINT in_month', name);
    RETURN true;
END $$;
COMMENT ON FUNCTION flyle.add_history_month(timestamptz) IS
    'Makes the partition of that moment''s month (UTC); false when there is one';

CREATE FUNCTION flyle.drop_history_month(before timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    name text := (SELECT min(c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'flyle.company_changes'::regclass
            AND c.relname ~ '^company_changes_\d{4}_\d\d$');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('flyle.history', 0));
    IF (to_date(right(name, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= before THEN
        EXECUTE format('DROP TABLE flyle.%I', name);
        RETURN name;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION flyle.drop_history_month(timestamptz) IS
    'Drops the oldest month if all of it is before that moment; returns its table, else null';

REVOKE ALL ON FUNCTION flyle.add_history_month(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION flyle.drop_history_month(timestamptz) FROM PUBLIC;

SELECT flyle.add_history_month(month) FROM (
    SELECT DISTINCT date_trunc('month', changed_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
        AS month FROM flyle.company_changes_before
    UNION SELECT now() + make_interval(months => ahead) FROM generate_series(0, 2) AS ahead
) AS needed ORDER BY month;

INSERT INTO flyle.company_changes (change_id, tenant_id, external_id, field, old, new, sync_id,
    changed_at, of_row, reason)
SELECT change_id, tenant_id, external_id, field, old, new, sync_id, changed_at, of_row, reason
FROM flyle.company_changes_before ORDER BY tenant_id, external_id, change_id;
SELECT setval('flyle.company_change_ids',
    (SELECT coalesce(max(change_id), 0) + 1 FROM flyle.company_changes_before), false);
DROP TABLE flyle.company_changes_before;
