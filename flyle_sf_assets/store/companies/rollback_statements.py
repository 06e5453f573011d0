"""The SQL of a rollback, and of its end.

All of it works on the temporary table ``rollback_items``: one row per value, with what the company
has now (``present``), what it would get (``restored``), and why it is left alone, if it is
(``reason``). The item ``status`` of a row stands for status, status_reason and merged_into, as one
JSON object. As in ``statements.py``, companies and history are looked up one by one, and no
statement looks up in a table to which it adds rows.
"""

# ruff: noqa: S608  the SQL is formatted only from this file's own text

STATUS_MEMBERS = ("status", "status_reason", "merged_into")
_STATUS_FIELDS = "('status', 'status_reason', 'merged_into')"

STATUS_OF = (
    "jsonb_build_object('status', {0}.status, 'status_reason', {0}.status_reason,"
    " 'merged_into', {0}.merged_into)"
)

_COMPANY = """
    CROSS JOIN LATERAL (SELECT * FROM companies c WHERE c.tenant_id = :tenant_id
        AND c.external_id = {0}.external_id LIMIT 1) AS h
"""

_IN_CATALOG = """EXISTS (SELECT FROM custom_field_options o WHERE o.tenant_id = :tenant_id
    AND o.field_key = n.field AND o.value = {0})"""

# Whether the old value is one of the field's type of now.
_FITS = f"""CASE f.type
    WHEN 'number' THEN jsonb_typeof(n.old) = 'number'
    WHEN 'checkbox' THEN jsonb_typeof(n.old) = 'boolean'
    WHEN 'multi_select' THEN jsonb_typeof(n.old) = 'array' AND NOT EXISTS (
        SELECT FROM jsonb_array_elements_text(n.old) AS one (value)
        WHERE NOT {_IN_CATALOG.format("one.value")})
    WHEN 'single_select' THEN jsonb_typeof(n.old) = 'string'
        AND {_IN_CATALOG.format("n.old #>> '{}'")}
    WHEN 'date' THEN n.old #>> '{{}}' ~ '^\\d{{4}}-\\d\\d-\\d\\d$'
    WHEN 'datetime' THEN n.old #>> '{{}}' ~ '^\\d{{4}}-\\d\\d-\\d\\dT'
    WHEN 'url' THEN n.old #>> '{{}}' ~* '^https?://'
    ELSE jsonb_typeof(n.old) = 'string' END"""

# The first and the last value of each item: a sync may have changed one twice.
_NET = f"""
WITH mine AS MATERIALIZED (
    SELECT external_id, of_row, field, old, new, change_id, changed_at, reason
    FROM company_changes
    WHERE tenant_id = :tenant_id AND sync_id > 0 AND sync_id = :sync_id
), net AS MATERIALIZED (
    SELECT external_id, of_row, field,
        (array_agg(old ORDER BY change_id))[1] AS old,
        (array_agg(new ORDER BY change_id DESC))[1] AS new,
        max(change_id) AS last_change, max(changed_at) AS changed_at,
        coalesce(bool_or(reason = 'type_changed'), false) AS is_retyped
    FROM mine GROUP BY external_id, of_row, field
), item AS (
    SELECT * FROM net WHERE NOT (of_row AND field IN {_STATUS_FIELDS})
    UNION ALL
    SELECT external_id, true, 'status', jsonb_object_agg(field, old),
        jsonb_object_agg(field, new), max(last_change), max(changed_at), false
    FROM net WHERE of_row AND field IN {_STATUS_FIELDS} GROUP BY external_id
)"""

# A later change does not count when it was taken back itself: `undone` are both syncs of each
# rollback. The value must then be what the sync wrote, or something remains of it.
_IS_CHANGED_LATER = f"""EXISTS (SELECT FROM company_changes l
    WHERE l.tenant_id = :tenant_id AND l.external_id = n.external_id
        AND l.changed_at >= n.changed_at AND l.change_id > n.last_change AND l.of_row = n.of_row
        AND (l.field = n.field OR n.of_row AND n.field = 'status' AND l.field IN {_STATUS_FIELDS})
        AND coalesce(l.sync_id, 0) <> ALL(CAST(:undone AS bigint[])))"""

FIND_ITEMS = f"""
CREATE TEMPORARY TABLE rollback_items ON COMMIT DROP AS
{_NET}
SELECT n.external_id, h.name, n.of_row, n.field, value.present, value.restored,
    CASE WHEN coalesce(value.present, 'null') = coalesce(value.restored, 'null')
            THEN 'already_restored'
        WHEN coalesce(value.present, 'null') <> coalesce(value.synced, 'null')
            OR {_IS_CHANGED_LATER} THEN 'changed_later'
        WHEN n.of_row AND n.field = 'status' AND ('"unlinked"' IN
                (value.present -> 'status', value.restored -> 'status')
            OR value.restored ->> 'status' = 'linked' AND
                (h.source_object IS DISTINCT FROM :source_object OR NOT :is_same_link))
            THEN 'link_changed'
        WHEN n.of_row THEN NULL
        WHEN f.active IS NOT TRUE THEN 'not_mapped'
        WHEN f.remapped_at > n.changed_at THEN 'mapping_changed'
        WHEN n.is_retyped OR coalesce(n.old, 'null') <> 'null' AND {_FITS} IS NOT TRUE
            THEN 'type_changed'
    END AS reason, false AS is_given_back
FROM item n
{_COMPANY.format("n")}
LEFT JOIN LATERAL (SELECT * FROM custom_fields known WHERE known.tenant_id = :tenant_id
    AND known.key = n.field AND NOT n.of_row LIMIT 1) AS f ON true
CROSS JOIN LATERAL (SELECT
    CASE WHEN NOT n.of_row THEN h.custom_fields -> n.field
        WHEN n.field = 'name' THEN to_jsonb(h.name) ELSE {STATUS_OF.format("h")} END AS present,
    CASE WHEN n.of_row AND n.field = 'status' THEN {STATUS_OF.format("h")} || n.old
        ELSE n.old END AS restored,
    CASE WHEN n.of_row AND n.field = 'status' THEN {STATUS_OF.format("h")} || n.new
        ELSE n.new END AS synced
    OFFSET 0) AS value
"""

# A rollback of the rollback that freezes a company gives it back to Salesforce: it is linked again,
# with what Salesforce changed meanwhile, except what other rollbacks keep. No later refresh would
# bring that, because the records were read when they changed.
GIVE_BACK = f"""
WITH freed AS MATERIALIZED (
    SELECT i.external_id, k.name, k.custom_fields FROM rollback_items i
    CROSS JOIN LATERAL (SELECT * FROM rolled_back one WHERE one.tenant_id = :tenant_id
        AND one.external_id = i.external_id AND one.of_row AND one.field = 'status' LIMIT 1) AS k
    WHERE i.of_row AND i.field = 'status' AND i.reason IS NULL AND i.present = k.restored
        AND i.restored = k.salesforce AND k.salesforce ->> 'status' = 'linked'
        AND k.custom_fields IS NOT NULL
), given AS MATERIALIZED (
    SELECT h.external_id, h.name, member.of_row, member.field, member.present, member.value
    FROM freed f
    {_COMPANY.format("f")}
    CROSS JOIN LATERAL (
        SELECT false AS of_row, one.key AS field, h.custom_fields -> one.key AS present, one.value
        FROM jsonb_each(f.custom_fields) AS one
        UNION ALL SELECT true, 'name', to_jsonb(h.name), to_jsonb(f.name)
    ) AS member
    WHERE NOT EXISTS (SELECT FROM rolled_back other WHERE other.tenant_id = :tenant_id
            AND other.external_id = h.external_id AND other.of_row = member.of_row
            AND other.field = member.field)
        OR EXISTS (SELECT FROM rollback_items i WHERE i.external_id = h.external_id
            AND i.of_row = member.of_row AND i.field = member.field AND i.reason IS NULL)
), replaced AS (
    DELETE FROM rollback_items i USING given g
    WHERE i.external_id = g.external_id AND i.of_row = g.of_row AND i.field = g.field
)
INSERT INTO rollback_items
    (external_id, name, of_row, field, present, restored, reason, is_given_back)
SELECT external_id, name, of_row, field, present, value, NULL, true FROM given
WHERE coalesce(present, 'null') <> coalesce(value, 'null')
"""

# Of what the rollback of a sync keeps: Salesforce's values. A value that the company does not have
# any more, in whatever way it lost it, is not kept, and no company of another base object becomes
# linked. A status that comes back as linked brings what Salesforce changed while the company was
# frozen, except what other rollbacks keep; one that does not leaves the values frozen.
FIND_KEPT_ITEMS = f"""
CREATE TEMPORARY TABLE rollback_items ON COMMIT DROP AS
WITH found AS (
    SELECT h.external_id, h.name, h.custom_fields, k.of_row, k.field,
        CASE WHEN NOT k.of_row THEN h.custom_fields -> k.field
            WHEN k.field = 'name' THEN to_jsonb(h.name) ELSE {STATUS_OF.format("h")} END AS present,
        k.restored AS was_restored, k.salesforce AS restored,
        k.of_row AND k.field = 'status' AND k.salesforce ->> 'status' = 'linked' AS is_linking,
        h.source_object IS NOT DISTINCT FROM :source_object AND :is_same_link AS can_be_linked,
        k.name AS noted_name, k.custom_fields AS noted_fields
    FROM (SELECT * FROM rolled_back WHERE tenant_id = :tenant_id
        AND (sync_id = :sync_id OR rollback_sync_id = :sync_id)) AS k
    {_COMPANY.format("k")}
), decided AS MATERIALIZED (
    SELECT *,
        CASE WHEN coalesce(present, 'null') <> coalesce(was_restored, 'null') THEN 'changed_later'
            WHEN coalesce(present, 'null') = coalesce(restored, 'null') THEN 'already_restored'
            WHEN is_linking AND NOT can_be_linked THEN 'link_changed' END AS reason
    FROM found
)
SELECT external_id, name, of_row, field, present, restored, reason FROM decided
UNION ALL
SELECT d.external_id, d.name, member.of_row, member.field, member.present, member.value,
    CASE WHEN coalesce(member.present, 'null') = coalesce(member.value, 'null')
        THEN 'already_restored' END
FROM decided d
CROSS JOIN LATERAL (
    SELECT false AS of_row, one.key AS field, d.custom_fields -> one.key AS present, one.value
    FROM jsonb_each(d.noted_fields) AS one
    UNION ALL SELECT true, 'name', to_jsonb(d.name), to_jsonb(d.noted_name)
) AS member
WHERE d.is_linking AND d.reason IS NULL AND d.noted_fields IS NOT NULL
    AND NOT EXISTS (SELECT FROM rolled_back other
        WHERE other.tenant_id = :tenant_id AND other.external_id = d.external_id
            AND other.of_row = member.of_row AND other.field = member.field)
"""

COUNT_ITEMS = """
SELECT count(DISTINCT external_id) FILTER (WHERE reason IS NULL) AS companies,
    count(*) FILTER (WHERE reason IS NULL) AS items,
    (SELECT coalesce(jsonb_object_agg(reason, items), '{}') FROM (
        SELECT reason, count(*) AS items FROM rollback_items WHERE reason IS NOT NULL
        GROUP BY reason) AS one) AS left_alone
FROM rollback_items
"""

LIST_ITEMS = """
SELECT external_id, name, of_row, field, CAST(present AS text) AS present,
    CAST(restored AS text) AS restored, reason
FROM rollback_items WHERE (reason IS NULL) = :is_restored
ORDER BY external_id, of_row DESC, field LIMIT :limit
"""

CREATED = """
SELECT external_id, name, count(*) OVER () AS companies FROM companies
WHERE tenant_id = :tenant_id AND created_sync_id = :sync_id ORDER BY external_id LIMIT :limit
"""

RECORD = f"""
INSERT INTO company_changes
    (tenant_id, external_id, field, old, new, sync_id, changed_at, of_row, reason)
SELECT :tenant_id, i.external_id, part.field, part.old, part.new, :rollback_sync_id, :now,
    i.of_row, :told
FROM rollback_items i
CROSS JOIN LATERAL (
    SELECT i.field, i.present AS old, i.restored AS new
    WHERE NOT (i.of_row AND i.field = 'status')
    UNION ALL
    SELECT member, nullif(i.present -> member, 'null'), nullif(i.restored -> member, 'null')
    FROM unnest(ARRAY[{", ".join(f"'{one}'" for one in STATUS_MEMBERS)}]) AS member
    WHERE i.of_row AND i.field = 'status'
        AND i.present -> member IS DISTINCT FROM i.restored -> member
) AS part
WHERE i.reason IS NULL
"""

# The hash stays: it is that of the record, whose values are kept back or restored whole.
WRITE = f"""
WITH written AS (
    INSERT INTO companies AS c (tenant_id, external_id, name, source_object, custom_fields,
        status, status_reason, merged_into, created_at, updated_at, last_sync_id,
        status_changed_at, content_hash, hash_version)
    SELECT h.tenant_id, h.external_id, coalesce(one.name, h.name), h.source_object,
        (h.custom_fields || coalesce(one.members, '{{}}')) - coalesce(one.absent, '{{}}'),
        status.status, status.status_reason, status.merged_into, h.created_at, :now,
        :rollback_sync_id,
        CASE WHEN h.status = status.status THEN h.status_changed_at ELSE :now END,
        CASE WHEN status.status = 'linked' THEN h.content_hash END,
        CASE WHEN status.status = 'linked' THEN h.hash_version END
    FROM (SELECT external_id,
            jsonb_object_agg(field, restored) FILTER (WHERE NOT of_row AND restored IS NOT NULL)
                AS members,
            array_agg(field) FILTER (WHERE NOT of_row AND restored IS NULL) AS absent,
            max(restored #>> '{{}}') FILTER (WHERE of_row AND field = 'name') AS name,
            (array_agg(restored) FILTER (WHERE of_row AND field = 'status'))[1] AS status
        FROM rollback_items WHERE reason IS NULL GROUP BY external_id) AS one
    {_COMPANY.format("one")}
    CROSS JOIN LATERAL jsonb_to_record(coalesce(one.status, {STATUS_OF.format("h")}))
        AS status (status text, status_reason text, merged_into text)
    ON CONFLICT (tenant_id, external_id) DO UPDATE SET name = excluded.name,
        custom_fields = excluded.custom_fields, status = excluded.status,
        status_reason = excluded.status_reason, merged_into = excluded.merged_into,
        updated_at = excluded.updated_at, last_sync_id = excluded.last_sync_id,
        status_changed_at = excluded.status_changed_at, content_hash = excluded.content_hash,
        hash_version = excluded.hash_version
    RETURNING c.external_id
)
SELECT (SELECT count(*) FROM written) AS companies, (SELECT count(*) FROM rollback_items
    WHERE reason IS NULL AND of_row AND field = 'status' AND present ->> 'status' = 'linked'
        AND restored ->> 'status' <> 'linked') AS gone
"""

# What is kept back already stays: it is newer than what this rollback found in the company.
KEEP = """
INSERT INTO rolled_back AS r (tenant_id, external_id, of_row, field, salesforce, restored, sync_id,
    rollback_sync_id, rolled_back_at)
SELECT :tenant_id, external_id, of_row, field, present, restored, :sync_id, :rollback_sync_id, :now
FROM rollback_items WHERE reason IS NULL AND NOT is_given_back
ON CONFLICT (tenant_id, external_id, of_row, field) DO UPDATE SET restored = excluded.restored,
    sync_id = excluded.sync_id, rollback_sync_id = excluded.rollback_sync_id,
    rolled_back_at = excluded.rolled_back_at
"""

# A rollback of a rollback gives some values back to Salesforce: nothing is to be kept there.
DROP_EQUAL = """
DELETE FROM rolled_back WHERE tenant_id = :tenant_id AND rollback_sync_id = :rollback_sync_id
    AND coalesce(salesforce, 'null') = coalesce(restored, 'null')
"""

DROP_GIVEN_BACK = """
DELETE FROM rolled_back r USING rollback_items i
WHERE r.tenant_id = :tenant_id AND i.is_given_back AND r.external_id = i.external_id
    AND r.of_row = i.of_row AND r.field = i.field
"""

DROP_KEPT = """
DELETE FROM rolled_back WHERE tenant_id = :tenant_id
    AND (sync_id = :sync_id OR rollback_sync_id = :sync_id)
"""
