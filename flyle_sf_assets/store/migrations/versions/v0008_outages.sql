-- Since when an org does not answer, and when a link was last tried or asked for.

ALTER TABLE flyle.links
    ADD COLUMN unanswered_since timestamptz,
    ADD COLUMN is_outage_told boolean NOT NULL DEFAULT false,
    ADD COLUMN tried_at timestamptz,
    ADD COLUMN asked_at timestamptz;

COMMENT ON COLUMN flyle.links.unanswered_since IS
    'When the org last answered, while it does not answer now; null: it does, or was not asked';
COMMENT ON COLUMN flyle.links.is_outage_told IS
    'Internal: the administrators have a notice of this outage';
COMMENT ON COLUMN flyle.links.tried_at IS 'Internal: when a refresh or check last ended, however it ended';
COMMENT ON COLUMN flyle.links.asked_at IS
    'Internal: when a person asked for a sync that has not run to its end yet';
