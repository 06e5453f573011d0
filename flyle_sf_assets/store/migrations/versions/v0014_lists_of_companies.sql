-- Each list reads its page in the order of an index. The conditions are true for every row that
-- is listed, and only the lists state them: no look-up by id can use these indexes (ADR 0024).

DROP INDEX flyle.companies_by_name;
CREATE INDEX companies_by_name ON flyle.companies (tenant_id, status, name, external_id)
    WHERE name > '';
COMMENT ON INDEX flyle.companies_by_name IS
    'Every company; only a query that states its condition can use it, no look-up by id';

CREATE INDEX companies_by_update ON flyle.companies (tenant_id, status, updated_at, external_id)
    WHERE updated_at > '-infinity';
COMMENT ON INDEX flyle.companies_by_update IS
    'Every company; only a query that states its condition can use it, no look-up by id';

DROP INDEX flyle.changes_of_sync;
CREATE INDEX changes_of_sync ON flyle.company_changes (tenant_id, sync_id, external_id)
    WHERE sync_id > 0;
COMMENT ON INDEX flyle.changes_of_sync IS
    'The companies that a sync changed; only a query that states its condition can use it';
