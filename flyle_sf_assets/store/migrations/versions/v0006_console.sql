-- The console's own tables. PostgreSQL 14 and newer.

CREATE TABLE flyle.console_tokens (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    jti text NOT NULL CHECK (jti <> ''),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, jti)
);
COMMENT ON TABLE flyle.console_tokens IS 'Tokens that opened a console session: none opens a second one';
COMMENT ON COLUMN flyle.console_tokens.expires_at IS 'After it the token is refused anyway, and the row may go';

CREATE TABLE flyle.console_sessions (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    cookie_digest bytea NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'editor', 'contributor')),
    plan text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, cookie_digest)
);
COMMENT ON TABLE flyle.console_sessions IS 'Who is in the console now';
COMMENT ON COLUMN flyle.console_sessions.cookie_digest IS 'SHA-256 of the cookie''s secret, which is kept nowhere';

CREATE TABLE flyle.sync_progress (
    tenant_id text PRIMARY KEY CHECK (tenant_id <> ''),
    sync_id bigint NOT NULL,
    step text NOT NULL,
    done bigint NOT NULL,
    expected bigint,
    told_at timestamptz NOT NULL
);
COMMENT ON TABLE flyle.sync_progress IS 'How far the tenant''s last sync has told to be; written about once a second';
COMMENT ON COLUMN flyle.sync_progress.expected IS 'Null: not known';

-- Pages of companies by name, and a search inside names that reads this index alone.
CREATE INDEX companies_by_name ON flyle.companies (tenant_id, name, external_id);

SELECT flyle.protect_tenant_table('flyle.console_tokens', 'SELECT, INSERT, DELETE', '');
SELECT flyle.protect_tenant_table('flyle.console_sessions', 'SELECT, INSERT, DELETE',
                                  '(tenant_id, created_at, expires_at)');
SELECT flyle.protect_tenant_table('flyle.sync_progress', 'SELECT, INSERT, UPDATE', '');
