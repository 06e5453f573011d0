-- Settings versions that did not take effect, and what is wrong with files that cannot be used.

CREATE TABLE flyle.settings_refusals (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    version integer NOT NULL,
    problems jsonb NOT NULL CHECK (jsonb_typeof(problems) = 'array'),
    refused_at timestamptz NOT NULL,
    compared_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, version)
);
COMMENT ON TABLE flyle.settings_refusals IS
    'Settings versions that are not applied: the org does not fit them, so an earlier one goes on';
COMMENT ON COLUMN flyle.settings_refusals.problems IS
    '[{code, path, line, file, severity, message_ja, message_en, remedy_ja, remedy_en}];'
    ' empty: a newer version came before this one was compared with the org';
COMMENT ON COLUMN flyle.settings_refusals.refused_at IS 'When it first did not fit';
COMMENT ON COLUMN flyle.settings_refusals.compared_at IS 'When it was last compared with the org';

ALTER TABLE flyle.settings_files
    ADD COLUMN problems jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(problems) = 'array');
COMMENT ON COLUMN flyle.settings_files.problems IS 'Why the file cannot be used; empty when it can';

SELECT flyle.protect_tenant_table('flyle.settings_refusals', 'SELECT, INSERT, UPDATE, DELETE', '');
