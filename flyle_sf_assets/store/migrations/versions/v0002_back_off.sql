-- When a link is tried again after failures, and when it was last compared as a whole.

ALTER TABLE flyle.links
    ADD COLUMN failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    ADD COLUMN retry_at timestamptz,
    ADD COLUMN stopped_version integer,
    ADD COLUMN census_at timestamptz,
    ADD COLUMN sweep_at timestamptz;

COMMENT ON COLUMN flyle.links.failures IS 'How often in a row the sync failed; 0 after one that ran to its end';
COMMENT ON COLUMN flyle.links.retry_at IS 'Not tried again by itself before; null: when due';
COMMENT ON COLUMN flyle.links.stopped_version IS
    'Internal: not tried again by itself while this is the newest settings version';
COMMENT ON COLUMN flyle.links.census_at IS 'Internal: when everything was last compared with the org';
COMMENT ON COLUMN flyle.links.sweep_at IS
    'Internal: when what changes without a stamp was last read again, or found not to be mapped';
