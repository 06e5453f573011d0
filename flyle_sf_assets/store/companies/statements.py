"""The SQL of the companies table.

No plan may depend on statistics: until the next ANALYZE the planner assumes one row for a new
tenant, and a join of 50,000 staged rows with that one row, which is really a million, takes
hours. So stored rows are looked up one by one (LATERAL with LIMIT, and ON CONFLICT), never
joined; the look-up can use only one index, the primary key; and no statement looks up in a
table to which it adds rows.
"""

# ruff: noqa: S608  the SQL is formatted only from this file's own text

STAGED_COLUMNS = """
    external_id text NOT NULL, name text, custom_fields jsonb,
    status text NOT NULL, status_reason text, merged_into text,
    source_modified_at timestamptz, content_hash bigint
"""

REASON_COLUMNS = "external_id text NOT NULL, field text NOT NULL, reason text NOT NULL"

# A hash that cannot be compared is null: of another version, another object, or a frozen row.
_HELD_COLUMNS = """h.external_id,
    CASE WHEN h.hash_version = %(hash_version)s AND h.source_object = %(source_object)s
        AND h.status = 'linked' THEN h.content_hash END,
    (extract(epoch FROM h.source_modified_at) * 1000000)::bigint"""

SELECT_HELD = f"SELECT {_HELD_COLUMNS} FROM companies h WHERE h.tenant_id = %(tenant_id)s"

LOOK_UP_HELD = f"""
SELECT {_HELD_COLUMNS}
FROM unnest(%(ids)s::text[]) AS one (id)
CROSS JOIN LATERAL (SELECT * FROM companies c
    WHERE c.tenant_id = %(tenant_id)s AND c.external_id = one.id LIMIT 1) AS h"""

STORE_STAMPS = """
INSERT INTO companies (tenant_id, external_id, name, source_object, custom_fields, created_at,
    updated_at, status_changed_at, source_modified_at)
SELECT h.tenant_id, h.external_id, h.name, h.source_object, h.custom_fields, h.created_at,
    h.updated_at, h.status_changed_at, s.source_modified_at
FROM staged_stamps s
CROSS JOIN LATERAL (SELECT * FROM companies c
    WHERE c.tenant_id = :tenant_id AND c.external_id = s.external_id LIMIT 1) AS h
ON CONFLICT (tenant_id, external_id) DO UPDATE SET source_modified_at = excluded.source_modified_at
"""

# What writing the staged rows changes in existing rows: `change` (field, old, new, of_row).
_CHANGES = """
    FROM staged_companies s
    CROSS JOIN LATERAL (SELECT * FROM companies c
        WHERE c.tenant_id = :tenant_id AND c.external_id = s.external_id LIMIT 1) AS h
    CROSS JOIN LATERAL (
        SELECT member.key AS field, h.custom_fields -> member.key AS old, member.value AS new,
            false AS of_row
        FROM jsonb_each(s.custom_fields) AS member
        WHERE (s.status = 'linked' OR member.key = ANY(CAST(:retyped AS text[]))
                AND h.custom_fields ? member.key)
            -- A blank in a field that had no value is stored, and is no change.
            AND coalesce(h.custom_fields -> member.key, 'null') <> member.value
        UNION ALL
        SELECT own.field, to_jsonb(own.old), to_jsonb(own.new), true
        FROM (VALUES
            ('name', h.name, CASE WHEN s.status = 'linked' THEN s.name ELSE h.name END),
            ('status', h.status, s.status),
            ('status_reason', h.status_reason, s.status_reason),
            ('merged_into', h.merged_into, s.merged_into)
        ) AS own (field, old, new)
        WHERE own.old IS DISTINCT FROM own.new
    ) AS change
"""

RECORD_CHANGES = f"""
WITH recorded AS (
    INSERT INTO company_changes
        (tenant_id, external_id, field, old, new, sync_id, changed_at, of_row, reason)
    SELECT :tenant_id, s.external_id, change.field, change.old, change.new, :sync_id, :now,
        change.of_row,
        CASE WHEN NOT change.of_row THEN coalesce(
            (SELECT r.reason FROM staged_reasons r WHERE change.new = 'null'
                AND r.external_id = s.external_id AND r.field = change.field),
            CASE WHEN change.field = ANY(CAST(:retyped AS text[])) THEN 'type_changed' END) END
    {_CHANGES}
    RETURNING external_id, field, old, new, of_row
)
SELECT count(DISTINCT external_id) AS moved,
    count(*) FILTER (WHERE of_row AND field = 'status' AND old = '"linked"') AS gone,
    count(*) FILTER (WHERE of_row AND field = 'status' AND new = '"linked"') AS returned
FROM recorded
"""

# The same differences, counted instead of written; a blanked value existed before.
COMPARE = f"""
WITH found AS MATERIALIZED (
    SELECT s.external_id, h.name, change.field, change.old, change.new, change.of_row,
        NOT change.of_row AND change.old IS NOT NULL AND change.old <> 'null' AS had_value,
        NOT change.of_row AND change.old IS NOT NULL AND change.old <> 'null'
            AND change.new = 'null' AS is_blanked
    {_CHANGES}
), shown AS (
    (SELECT DISTINCT external_id FROM found ORDER BY external_id LIMIT :examples)
    UNION
    (SELECT DISTINCT external_id FROM found WHERE is_blanked ORDER BY external_id LIMIT :examples)
)
SELECT (SELECT count(DISTINCT external_id) FROM found) AS moved,
    (SELECT count(DISTINCT external_id) FROM found WHERE is_blanked) AS blanked,
    (SELECT count(DISTINCT external_id) FROM found
        WHERE had_value AND field = ANY(CAST(:foreign_keys AS text[]))) AS overwritten,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(field, changed, blanked, had_value)), '[]')
        FROM (SELECT field, count(*) AS changed, count(*) FILTER (WHERE is_blanked) AS blanked,
                count(*) FILTER (WHERE had_value) AS had_value
            FROM found WHERE NOT of_row GROUP BY field) AS per_field) AS fields,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(
            external_id, name, field, CAST(old AS text), CAST(new AS text), of_row, is_blanked)
            ORDER BY external_id, of_row DESC, field), '[]')
        FROM found WHERE external_id IN (SELECT external_id FROM shown)) AS changes
"""

# A linked row is merged, a frozen one keeps its values except those whose type changed.
UPDATE_HELD = """
INSERT INTO companies AS c (tenant_id, external_id, name, source_object, custom_fields,
    status, status_reason, merged_into, source_modified_at, created_at, updated_at,
    last_sync_id, status_changed_at, content_hash, hash_version)
SELECT h.tenant_id, h.external_id, new.name,
    CASE WHEN s.status = 'linked' THEN :source_object ELSE h.source_object END,
    new.custom_fields, s.status, s.status_reason, s.merged_into,
    CASE WHEN s.status = 'linked' THEN s.source_modified_at ELSE h.source_modified_at END,
    h.created_at,
    CASE WHEN compared.moved THEN :now ELSE h.updated_at END,
    CASE WHEN compared.moved THEN :sync_id ELSE h.last_sync_id END,
    CASE WHEN h.status = s.status THEN h.status_changed_at ELSE :now END,
    -- A frozen row must be compared, whatever its hash, when it comes back.
    CASE WHEN s.status = 'linked' THEN s.content_hash END,
    CASE WHEN s.status = 'linked' THEN CAST(:hash_version AS smallint) END
FROM staged_companies s
CROSS JOIN LATERAL (SELECT * FROM companies held
    WHERE held.tenant_id = :tenant_id AND held.external_id = s.external_id LIMIT 1) AS h
CROSS JOIN LATERAL (SELECT
    CASE WHEN s.status = 'linked' THEN s.name ELSE h.name END AS name,
    CASE WHEN s.status = 'linked' THEN h.custom_fields || s.custom_fields
        ELSE h.custom_fields || coalesce((SELECT jsonb_object_agg(member.key, member.value)
            FROM jsonb_each(s.custom_fields) AS member
            WHERE member.key = ANY(CAST(:retyped AS text[])) AND h.custom_fields ? member.key),
            '{}') END AS custom_fields
    OFFSET 0) AS new
CROSS JOIN LATERAL (SELECT
    (h.status, h.status_reason, h.merged_into, h.name, jsonb_strip_nulls(h.custom_fields))
    IS DISTINCT FROM
    (s.status, s.status_reason, s.merged_into, new.name, jsonb_strip_nulls(new.custom_fields))
    AS moved
    OFFSET 0) AS compared
WHERE compared.moved OR h.custom_fields <> new.custom_fields OR (s.status = 'linked' AND
    (h.content_hash, h.hash_version, h.source_modified_at, h.source_object)
    IS DISTINCT FROM (s.content_hash, :hash_version, s.source_modified_at, :source_object))
ON CONFLICT (tenant_id, external_id) DO UPDATE SET
    name = excluded.name, source_object = excluded.source_object,
    custom_fields = excluded.custom_fields, status = excluded.status,
    status_reason = excluded.status_reason, merged_into = excluded.merged_into,
    source_modified_at = excluded.source_modified_at, updated_at = excluded.updated_at,
    last_sync_id = excluded.last_sync_id, status_changed_at = excluded.status_changed_at,
    content_hash = excluded.content_hash, hash_version = excluded.hash_version
"""

# A separate statement without look-ups: a look-up in a table that the same statement fills is
# planned for the table as it was before, which for an empty one is a full scan.
INSERT_FIRST = """
INSERT INTO companies (tenant_id, external_id, name, source_object, custom_fields,
    source_modified_at, created_at, updated_at, last_sync_id, status_changed_at,
    created_sync_id, content_hash, hash_version)
SELECT :tenant_id, s.external_id, s.name, :source_object, s.custom_fields,
    s.source_modified_at, :now, :now, :sync_id, :now,
    :sync_id, s.content_hash, CAST(:hash_version AS smallint)
FROM staged_companies s
WHERE s.status = 'linked'
"""
INSERT_NEW = f"{INSERT_FIRST} ON CONFLICT (tenant_id, external_id) DO NOTHING"

# The order of the primary key: no other plan is as cheap, and none can read other tenants' rows.
HAS_ANY = """
SELECT external_id FROM companies WHERE tenant_id = :tenant_id ORDER BY external_id LIMIT 1
"""

UNLINK = """
WITH unlinked AS (
    UPDATE companies SET status = 'unlinked', status_reason = :reason, merged_into = NULL,
        status_changed_at = :now, updated_at = :now, last_sync_id = CAST(:sync_id AS bigint),
        content_hash = NULL, hash_version = NULL
    WHERE tenant_id = :tenant_id AND status = 'linked'
        AND (CAST(:other_than AS text) IS NULL OR source_object <> :other_than)
    RETURNING external_id
), recorded AS (
    INSERT INTO company_changes
        (tenant_id, external_id, field, old, new, sync_id, changed_at, of_row)
    SELECT :tenant_id, u.external_id, own.field, own.old, to_jsonb(own.new),
        CAST(:sync_id AS bigint), :now, true
    FROM unlinked u
    CROSS JOIN (VALUES
        ('status', to_jsonb(CAST('linked' AS text)), 'unlinked'),
        ('status_reason', NULL, CAST(:reason AS text))
    ) AS own (field, old, new)
)
SELECT count(*) FROM unlinked
"""

END = """
WITH ended AS (
    UPDATE companies c SET status = 'missing', status_reason = 'not_found', merged_into = NULL,
        status_changed_at = :now, updated_at = :now, last_sync_id = CAST(:sync_id AS bigint),
        content_hash = NULL, hash_version = NULL
    FROM companies before
    WHERE c.tenant_id = :tenant_id AND c.external_id = ANY(CAST(:ids AS text[]))
        AND c.status NOT IN ('missing', 'unlinked')
        AND before.tenant_id = c.tenant_id AND before.external_id = c.external_id
    RETURNING c.external_id, before.status, before.status_reason
), recorded AS (
    INSERT INTO company_changes
        (tenant_id, external_id, field, old, new, sync_id, changed_at, of_row)
    SELECT :tenant_id, e.external_id, own.field, own.old, to_jsonb(own.new),
        CAST(:sync_id AS bigint), :now, true
    FROM ended e
    CROSS JOIN LATERAL (VALUES
        ('status', to_jsonb(e.status), CAST('missing' AS text)),
        ('status_reason', to_jsonb(e.status_reason), 'not_found')
    ) AS own (field, old, new)
)
SELECT count(*) FROM ended
"""

# The rows of a former org stay unlinked, now with the reason that they cannot come back.
RENAME_REASON = """
WITH renamed AS (
    UPDATE companies SET status_reason = :reason, updated_at = :now, last_sync_id = NULL
    WHERE tenant_id = :tenant_id AND status = 'unlinked' AND status_reason = :former
    RETURNING external_id
)
INSERT INTO company_changes (tenant_id, external_id, field, old, new, sync_id, changed_at, of_row)
SELECT :tenant_id, external_id, 'status_reason', to_jsonb(CAST(:former AS text)),
    to_jsonb(CAST(:reason AS text)), NULL, :now, true
FROM renamed
"""
