-- What the mass-change guard holds: at most one change per tenant.

CREATE TABLE flyle.held_changes (
    tenant_id text PRIMARY KEY CHECK (tenant_id <> ''),
    sync_id bigint NOT NULL,
    kind text NOT NULL,
    losses jsonb NOT NULL CHECK (jsonb_typeof(losses) = 'array'),
    examples jsonb NOT NULL CHECK (jsonb_typeof(examples) = 'array'),
    inputs text NOT NULL,
    held_since timestamptz NOT NULL,
    counted_at timestamptz NOT NULL,
    approved_at timestamptz,
    approved_by text,
    CONSTRAINT approved_by_someone CHECK ((approved_at IS NULL) = (approved_by IS NULL))
);
COMMENT ON TABLE flyle.held_changes IS
    'A change of many companies that waits for approval; the row is deleted when it is applied or gone';
COMMENT ON COLUMN flyle.held_changes.sync_id IS 'The last sync that was held';
COMMENT ON COLUMN flyle.held_changes.kind IS 'What kind of refresh found it: an approval runs a census again';
COMMENT ON COLUMN flyle.held_changes.losses IS
    '[{field, label, lost, of, limit}]; field null: linked companies that leave, else values that become blank';
COMMENT ON COLUMN flyle.held_changes.examples IS '[{field, external_id, name, old, new}]';
COMMENT ON COLUMN flyle.held_changes.inputs IS 'Internal: what the numbers were counted from, as a digest';
COMMENT ON COLUMN flyle.held_changes.counted_at IS 'When the numbers were last counted';

SELECT flyle.protect_tenant_table('flyle.held_changes', 'SELECT, INSERT, UPDATE, DELETE', '');
