-- Everything that the product keeps per tenant. PostgreSQL 14 and newer.

CREATE FUNCTION flyle.protect_tenant_table(tenant_table regclass, app_rights text, fleet_columns text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format('CREATE POLICY tenant_rows ON %s TO flyle_app'
        ' USING (tenant_id = current_setting(''flyle.tenant_id'', true))'
        ' WITH CHECK (tenant_id = current_setting(''flyle.tenant_id'', true))', tenant_table);
    EXECUTE format('CREATE POLICY all_rows ON %s FOR SELECT TO flyle_fleet USING (true)', tenant_table);
    EXECUTE format('GRANT %s ON %s TO flyle_app', app_rights, tenant_table);
    EXECUTE format('GRANT SELECT %s ON %s TO flyle_fleet', fleet_columns, tenant_table);
END $$;
COMMENT ON FUNCTION flyle.protect_tenant_table(regclass, text, text) IS
    'Every table with a tenant_id goes through this: one tenant for flyle_app, reading for flyle_fleet';
REVOKE ALL ON FUNCTION flyle.protect_tenant_table(regclass, text, text) FROM PUBLIC;

-- The read contract -------------------------------------------------------------------------

CREATE TABLE flyle.companies (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    external_id text NOT NULL CHECK (external_id <> ''),
    name text NOT NULL CHECK (name <> ''),
    source_object text NOT NULL,
    custom_fields jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(custom_fields) = 'object'),
    status text NOT NULL DEFAULT 'linked'
        CHECK (status IN ('linked', 'out_of_scope', 'deleted', 'merged', 'missing', 'unlinked')),
    status_reason text
        CHECK (status_reason IN ('conditions_not_met', 'deleted_in_salesforce', 'merged_in_salesforce',
                                 'not_found', 'disconnected', 'base_object_changed', 'org_changed')),
    merged_into text CHECK (merged_into IS NULL OR status = 'merged'),
    source_modified_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    last_sync_id bigint,
    status_changed_at timestamptz NOT NULL,
    created_sync_id bigint,
    content_hash bigint,
    hash_version smallint,
    PRIMARY KEY (tenant_id, external_id),
    CONSTRAINT reason_unless_linked CHECK ((status = 'linked') = (status_reason IS NULL))
) WITH (fillfactor = 90);
CREATE INDEX companies_not_linked ON flyle.companies (tenant_id, status) WHERE status <> 'linked';

COMMENT ON TABLE flyle.companies IS 'One row per record of the base object that was ever in scope; never deleted';
COMMENT ON COLUMN flyle.companies.external_id IS 'The record''s 18-character Salesforce id';
COMMENT ON COLUMN flyle.companies.source_object IS 'Account or Opportunity';
COMMENT ON COLUMN flyle.companies.custom_fields IS
    'Key: the mapping''s `to`. number exact; date YYYY-MM-DD; datetime RFC 3339 UTC; blank null';
COMMENT ON COLUMN flyle.companies.status IS 'Every status but linked freezes the row''s values';
COMMENT ON COLUMN flyle.companies.status_reason IS 'Why it is not linked; null when linked';
COMMENT ON COLUMN flyle.companies.merged_into IS 'Id of the record that it was merged into';
COMMENT ON COLUMN flyle.companies.source_modified_at IS 'The record''s SystemModstamp; does not move updated_at';
COMMENT ON COLUMN flyle.companies.updated_at IS
    'Moves exactly when name, custom_fields, status, status_reason or merged_into changed';
COMMENT ON COLUMN flyle.companies.last_sync_id IS 'The sync that last changed the row';
COMMENT ON COLUMN flyle.companies.status_changed_at IS 'Internal: since when it has this status';
COMMENT ON COLUMN flyle.companies.created_sync_id IS 'Internal: the sync that created the row';
COMMENT ON COLUMN flyle.companies.content_hash IS 'Internal: filters what need not be compared; null: compare';
COMMENT ON COLUMN flyle.companies.hash_version IS 'Internal: how content_hash was made';

CREATE TABLE flyle.custom_fields (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    key text NOT NULL,
    label text NOT NULL,
    type text NOT NULL
        CHECK (type IN ('text', 'url', 'single_select', 'multi_select', 'checkbox', 'number', 'date', 'datetime')),
    source_path text,
    active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (tenant_id, key)
);
COMMENT ON TABLE flyle.custom_fields IS 'The custom fields that mappings write; never deleted';
COMMENT ON COLUMN flyle.custom_fields.key IS 'The mapping''s `to`';
COMMENT ON COLUMN flyle.custom_fields.source_path IS 'The mapping''s `from`';
COMMENT ON COLUMN flyle.custom_fields.active IS 'False once its mapping was taken away; the values stay';

CREATE TABLE flyle.custom_field_options (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    field_key text NOT NULL,
    value text NOT NULL,
    label text NOT NULL,
    position integer NOT NULL,
    active boolean NOT NULL,
    first_seen_at timestamptz NOT NULL,
    removed_at timestamptz,
    described boolean NOT NULL,
    PRIMARY KEY (tenant_id, field_key, value)
);
COMMENT ON TABLE flyle.custom_field_options IS 'Every option ever seen; never deleted';
COMMENT ON COLUMN flyle.custom_field_options.value IS 'The API value, as companies hold it';
COMMENT ON COLUMN flyle.custom_field_options.active IS 'As described; false when gone or never described';
COMMENT ON COLUMN flyle.custom_field_options.removed_at IS 'When describe no longer had it; null when it is back';
COMMENT ON COLUMN flyle.custom_field_options.described IS 'Internal: whether the last describe had it';

CREATE TABLE flyle.links (
    tenant_id text PRIMARY KEY CHECK (tenant_id <> ''),
    state text NOT NULL DEFAULT 'not_connected'
        CHECK (state IN ('not_connected', 'connected', 'initial_sync', 'linked', 'failing', 'held', 'disconnected')),
    org_id text,
    source_object text CHECK (source_object IN ('Account', 'Opportunity')),
    settings_version integer,
    first_synced_at timestamptz,
    last_synced_at timestamptz,
    next_due_at timestamptz,
    attention jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(attention) = 'array')
);
COMMENT ON TABLE flyle.links IS 'One row per tenant: how its link to Salesforce stands';
COMMENT ON COLUMN flyle.links.org_id IS 'The 18-character id of the linked org';
COMMENT ON COLUMN flyle.links.settings_version IS 'The settings version that the last sync used';
COMMENT ON COLUMN flyle.links.last_synced_at IS 'When the sync last ran to its end, also when nothing had changed';
COMMENT ON COLUMN flyle.links.attention IS
    'What needs a person: [{code, object, field, message_ja, message_en, remedy_ja, remedy_en, since}]';

CREATE TABLE flyle.syncs (
    sync_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    kind text NOT NULL
        CHECK (kind IN ('initial', 'refresh', 'full', 'backfill', 'sweep', 'census', 'rollback')),
    state text NOT NULL DEFAULT 'running'
        CHECK (state IN ('running', 'done', 'failed', 'held', 'postponed', 'cancelled')),
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    dagster_run_id text,
    pulled bigint NOT NULL DEFAULT 0,
    created bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    gone bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    api_calls bigint NOT NULL DEFAULT 0,
    error text,
    upper_bound timestamptz,
    census jsonb CHECK (jsonb_typeof(census) = 'object'),
    CONSTRAINT finished_unless_running CHECK ((state = 'running') = (finished_at IS NULL))
);
CREATE INDEX syncs_of_tenant ON flyle.syncs (tenant_id, sync_id DESC);
CREATE UNIQUE INDEX syncs_of_run ON flyle.syncs (tenant_id, dagster_run_id) WHERE dagster_run_id IS NOT NULL;
COMMENT ON TABLE flyle.syncs IS 'One row per refresh that had something to do';
COMMENT ON COLUMN flyle.syncs.api_calls IS 'Every call that Salesforce counted, retries included';
COMMENT ON COLUMN flyle.syncs.census IS
    'Of a census: {checked, matched, healed, missing, companies_checked, companies_healed}; else null';
COMMENT ON COLUMN flyle.syncs.upper_bound IS 'Internal: Salesforce''s clock at its start, for all objects of the sync';

CREATE TABLE flyle.rejected_records (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    external_id text NOT NULL,
    field text,
    value text,
    reason text NOT NULL,
    remedy text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    resolved_at timestamptz
);
CREATE UNIQUE INDEX rejected_once ON flyle.rejected_records (tenant_id, external_id, (coalesce(field, '')));
CREATE INDEX rejected_open ON flyle.rejected_records (tenant_id, first_seen_at) WHERE resolved_at IS NULL;
COMMENT ON TABLE flyle.rejected_records IS 'Values that could not be taken over, until they can';
COMMENT ON COLUMN flyle.rejected_records.field IS 'The custom field; null when the whole row is rejected';
COMMENT ON COLUMN flyle.rejected_records.first_seen_at IS 'Since when it fails; anew when it had been resolved';

CREATE TABLE flyle.company_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    external_id text NOT NULL,
    field text NOT NULL,
    old jsonb,
    new jsonb,
    sync_id bigint,
    changed_at timestamptz NOT NULL,
    of_row boolean NOT NULL DEFAULT false,
    reason text,
    PRIMARY KEY (tenant_id, external_id, change_id)
);
CREATE INDEX changes_of_sync ON flyle.company_changes (tenant_id, sync_id);
COMMENT ON TABLE flyle.company_changes IS 'What changed in rows that existed before; a creation is in companies.created_at';
COMMENT ON COLUMN flyle.company_changes.field IS 'A custom field''s key; with of_row a column of companies';
COMMENT ON COLUMN flyle.company_changes.old IS 'SQL null: the row had no such member; JSON null: it was blank';
COMMENT ON COLUMN flyle.company_changes.reason IS
    'parent_deleted:<path> or parent_missing:<path>: that parent is gone, so the value is blank;'
    ' type_changed: the mapping has another type; null: the record itself says so';
COMMENT ON COLUMN flyle.company_changes.of_row IS
    'Internal: field is name, status, status_reason or merged_into of the row, not a custom field of that key';

CREATE TABLE flyle.notifications (
    notification_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    kind text NOT NULL
        CHECK (kind IN ('first_sync_done', 'attention', 'held', 'recovered', 'disconnected')),
    title text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    read_at timestamptz
);
CREATE INDEX notifications_of_tenant ON flyle.notifications (tenant_id, notification_id DESC);
COMMENT ON TABLE flyle.notifications IS 'What the tenant''s administrators are told';

CREATE TABLE flyle.settings_versions (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    version integer NOT NULL,
    digest text NOT NULL,
    document jsonb NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, version)
);
COMMENT ON TABLE flyle.settings_versions IS 'Every version of a tenant''s settings, from 1; never changed';
COMMENT ON COLUMN flyle.settings_versions.author IS 'A file''s name or a console user';

-- The store's own ---------------------------------------------------------------------------

CREATE TABLE flyle.generations (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    dataset text NOT NULL,
    generation bigint NOT NULL CHECK (generation > 0),
    manifest jsonb NOT NULL,
    watermark timestamptz,
    committed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, dataset)
);
COMMENT ON TABLE flyle.generations IS 'The record files that make up each dataset now; a swap is the commit';
COMMENT ON COLUMN flyle.generations.watermark IS 'Salesforce''s clock up to which the dataset was read';

CREATE TABLE flyle.consumed (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    asset text NOT NULL,
    input text NOT NULL,
    generation bigint NOT NULL,
    digest text NOT NULL,
    PRIMARY KEY (tenant_id, asset, input)
);
COMMENT ON TABLE flyle.consumed IS 'Up to which generation or digest an asset has taken in each input';

CREATE TABLE flyle.object_schemas (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    object text NOT NULL,
    digest text NOT NULL,
    last_modified text,
    document jsonb NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, object)
);
COMMENT ON TABLE flyle.object_schemas IS 'What describe said of each object in use';
COMMENT ON COLUMN flyle.object_schemas.last_modified IS 'The answer''s Last-Modified header, for If-Modified-Since';
COMMENT ON COLUMN flyle.object_schemas.document IS 'JSON null: the org does not know the object, or hides it';

CREATE TABLE flyle.credentials (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    kind text NOT NULL,
    envelope bytea NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind)
);
COMMENT ON TABLE flyle.credentials IS 'Tokens and secrets, encrypted (store/secrets.py)';

-- Who may do what: what is never deleted, or never changed, has no right for it ---------------

REVOKE ALL ON SCHEMA flyle FROM PUBLIC;
GRANT USAGE ON SCHEMA flyle TO flyle_app, flyle_fleet;

DO $$
BEGIN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO flyle_app', current_database());
END $$;

SELECT flyle.protect_tenant_table('flyle.companies', 'SELECT, INSERT, UPDATE', '');
SELECT flyle.protect_tenant_table('flyle.custom_fields', 'SELECT, INSERT, UPDATE', '');
SELECT flyle.protect_tenant_table('flyle.custom_field_options', 'SELECT, INSERT, UPDATE', '');
SELECT flyle.protect_tenant_table('flyle.links', 'SELECT, INSERT, UPDATE', '');
SELECT flyle.protect_tenant_table('flyle.syncs', 'SELECT, INSERT, UPDATE', '');
SELECT flyle.protect_tenant_table('flyle.rejected_records', 'SELECT, INSERT, UPDATE', '');
SELECT flyle.protect_tenant_table('flyle.company_changes', 'SELECT, INSERT', '');
SELECT flyle.protect_tenant_table('flyle.notifications', 'SELECT, INSERT, UPDATE', '');
SELECT flyle.protect_tenant_table('flyle.settings_versions', 'SELECT, INSERT', '');
SELECT flyle.protect_tenant_table('flyle.generations', 'SELECT, INSERT, UPDATE, DELETE', '');
SELECT flyle.protect_tenant_table('flyle.consumed', 'SELECT, INSERT, UPDATE, DELETE', '');
SELECT flyle.protect_tenant_table('flyle.object_schemas', 'SELECT, INSERT, UPDATE, DELETE', '');
SELECT flyle.protect_tenant_table('flyle.credentials', 'SELECT, INSERT, UPDATE, DELETE',
                                  '(tenant_id, kind, created_at, updated_at)');
