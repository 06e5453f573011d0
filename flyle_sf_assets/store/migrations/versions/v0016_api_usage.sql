-- The ledger of API calls: what each tenant's processes sent to its org, and what the org reported.

CREATE TABLE flyle.api_calls (
    tenant_id text NOT NULL CHECK (tenant_id <> ''),
    org_id text NOT NULL CHECK (org_id <> ''),
    hour timestamptz NOT NULL,
    calls integer NOT NULL CHECK (calls >= 0),
    PRIMARY KEY (tenant_id, org_id, hour)
);
COMMENT ON TABLE flyle.api_calls IS 'API calls of refreshes and idle checks by the hour, kept for two days';
CREATE INDEX api_calls_of_an_org ON flyle.api_calls (org_id, hour) INCLUDE (calls);

CREATE TABLE flyle.org_usage (
    tenant_id text NOT NULL PRIMARY KEY CHECK (tenant_id <> ''),
    org_id text NOT NULL CHECK (org_id <> ''),
    daily_max bigint NOT NULL CHECK (daily_max > 0),
    reading bigint NOT NULL CHECK (reading >= 0),
    used bigint NOT NULL CHECK (used >= 0),
    read_at timestamptz NOT NULL
);
COMMENT ON TABLE flyle.org_usage IS 'What each tenant last read in Sforce-Limit-Info, the org''s requests of 24 hours';
COMMENT ON COLUMN flyle.org_usage.reading IS 'The number as Salesforce said it; it lags';
COMMENT ON COLUMN flyle.org_usage.used IS 'At least that; within minutes of the figure before also at least that one plus our calls since';
CREATE INDEX org_usage_of_an_org ON flyle.org_usage (org_id);

SELECT flyle.protect_tenant_table('flyle.api_calls', 'SELECT, INSERT, UPDATE, DELETE', '');
SELECT flyle.protect_tenant_table('flyle.org_usage', 'SELECT, INSERT, UPDATE, DELETE', '');
