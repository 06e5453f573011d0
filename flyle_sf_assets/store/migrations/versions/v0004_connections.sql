-- Who connected a tenant to which org, and whether everything has to be read again.

CREATE TABLE flyle.connections (
    tenant_id text PRIMARY KEY CHECK (tenant_id <> ''),
    org_url text NOT NULL,
    flow text NOT NULL CHECK (flow IN ('web_server', 'client_credentials', 'jwt_bearer')),
    org_name text NOT NULL,
    user_id text NOT NULL,
    username text NOT NULL,
    connected_at timestamptz NOT NULL,
    connected_by text NOT NULL,
    disconnected_at timestamptz,
    disconnected_by text,
    CONSTRAINT disconnected_by_somebody CHECK ((disconnected_at IS NULL) = (disconnected_by IS NULL))
);
COMMENT ON TABLE flyle.connections IS 'How each tenant was last connected; what it logs in with is in credentials';
COMMENT ON COLUMN flyle.connections.username IS 'The Salesforce user as whom records are read';
COMMENT ON COLUMN flyle.connections.connected_by IS 'The console user or the command that connected it';

ALTER TABLE flyle.links ADD COLUMN reread_since timestamptz;
COMMENT ON COLUMN flyle.links.reread_since IS
    'Internal: since when everything has to be read and compared again; null: it does not';

SELECT flyle.protect_tenant_table('flyle.connections', 'SELECT, INSERT, UPDATE', '');
