-- What became of each settings version, and of each tenant's settings file.

CREATE TABLE flyle.settings_changes (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    version integer NOT NULL,
    changes jsonb NOT NULL CHECK (jsonb_typeof(changes) = 'array'),
    affected_assets jsonb NOT NULL CHECK (jsonb_typeof(affected_assets) = 'array'),
    affected_companies bigint NOT NULL,
    read_again jsonb NOT NULL CHECK (jsonb_typeof(read_again) = 'array'),
    part_digests jsonb NOT NULL CHECK (jsonb_typeof(part_digests) = 'object'),
    recorded_at timestamptz NOT NULL,
    kind text NOT NULL DEFAULT 'refresh' CHECK (kind IN ('refresh', 'census')),
    attempt integer NOT NULL DEFAULT 1,
    dagster_run_id text,
    settled_at timestamptz,
    PRIMARY KEY (tenant_id, version)
);
CREATE INDEX settings_changes_open ON flyle.settings_changes (tenant_id, version) WHERE settled_at IS NULL;
COMMENT ON TABLE flyle.settings_changes IS 'What each settings version changed against the one before it';
COMMENT ON COLUMN flyle.settings_changes.changes IS
    'Field by field: [{path, before, after, text_ja, text_en}]; empty for the first version';
COMMENT ON COLUMN flyle.settings_changes.affected_assets IS 'Keys of the assets that became stale, in order';
COMMENT ON COLUMN flyle.settings_changes.affected_companies IS
    'Companies held at that time whose row the change can touch';
COMMENT ON COLUMN flyle.settings_changes.read_again IS
    'What Salesforce is asked for because of it: [{object, columns, whole}]';
COMMENT ON COLUMN flyle.settings_changes.part_digests IS 'Digest of what each asset reads of this version';
COMMENT ON COLUMN flyle.settings_changes.dagster_run_id IS 'The run that took the version over; null: none was needed';
COMMENT ON COLUMN flyle.settings_changes.settled_at IS 'Null until its run is known, or none is needed';
COMMENT ON COLUMN flyle.settings_changes.kind IS 'Internal: the kind of refresh that takes it over';
COMMENT ON COLUMN flyle.settings_changes.attempt IS 'Internal: raised when the same version asks for a run again';

CREATE TABLE flyle.settings_files (
    tenant_id text PRIMARY KEY CHECK (tenant_id <> ''),
    digest text NOT NULL,
    version integer,
    read_at timestamptz NOT NULL,
    removed_at timestamptz,
    state_before text
);
COMMENT ON TABLE flyle.settings_files IS 'Internal: what was last read of each tenant''s settings file';
COMMENT ON COLUMN flyle.settings_files.digest IS 'Of the file''s bytes: what is unchanged is not parsed again';
COMMENT ON COLUMN flyle.settings_files.version IS 'The settings version that the file means; null: it cannot be used';
COMMENT ON COLUMN flyle.settings_files.removed_at IS 'Since when the file, and with it the partition, is gone';
COMMENT ON COLUMN flyle.settings_files.state_before IS 'State of the link when the file went, taken up when it is back';

SELECT flyle.protect_tenant_table('flyle.settings_changes', 'SELECT, INSERT, UPDATE', '');
SELECT flyle.protect_tenant_table('flyle.settings_files', 'SELECT, INSERT, UPDATE', '');
