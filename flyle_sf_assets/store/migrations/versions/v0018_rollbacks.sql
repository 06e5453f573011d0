-- A rollback, and the values that it keeps until they change again in Salesforce.

CREATE TABLE flyle.rolled_back (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    external_id text NOT NULL,
    of_row boolean NOT NULL,
    field text NOT NULL,
    salesforce jsonb,
    restored jsonb,
    name text,
    custom_fields jsonb CHECK (jsonb_typeof(custom_fields) = 'object'),
    sync_id bigint NOT NULL,
    rollback_sync_id bigint NOT NULL,
    rolled_back_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, external_id, of_row, field)
);
COMMENT ON TABLE flyle.rolled_back IS
    'Values that a rollback restored, and that Salesforce still has otherwise: no sync writes these';
COMMENT ON COLUMN flyle.rolled_back.of_row IS 'The field is name or status of the row, not a custom field';
COMMENT ON COLUMN flyle.rolled_back.field IS
    'A custom field''s key, or name, or status, which stands for status, status_reason and merged_into';
COMMENT ON COLUMN flyle.rolled_back.salesforce IS
    'The value that was rolled back; the row is deleted as soon as Salesforce has another one';
COMMENT ON COLUMN flyle.rolled_back.restored IS 'The value that the company has instead';
COMMENT ON COLUMN flyle.rolled_back.custom_fields IS
    'Of a status: what Salesforce changed in the company while that status froze it; name likewise';
COMMENT ON COLUMN flyle.rolled_back.sync_id IS 'The sync that was rolled back';

SELECT flyle.protect_tenant_table('flyle.rolled_back', 'SELECT, INSERT, UPDATE, DELETE', '');

ALTER TABLE flyle.syncs ADD COLUMN rolls_back bigint, ADD COLUMN asked_by text;
COMMENT ON COLUMN flyle.syncs.rolls_back IS 'Of a rollback: the sync whose changes it took back';
COMMENT ON COLUMN flyle.syncs.asked_by IS 'Of a rollback: who asked for it';
CREATE INDEX syncs_rolled_back ON flyle.syncs (tenant_id, rolls_back) WHERE rolls_back IS NOT NULL;

ALTER TABLE flyle.custom_fields ADD COLUMN remapped_at timestamptz;
COMMENT ON COLUMN flyle.custom_fields.remapped_at IS
    'Internal: when type, source or activity last changed; null: not since it was first mapped';
