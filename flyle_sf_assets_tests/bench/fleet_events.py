"""What Dagster keeps of many tenants, in a moment: one tenant's run is made, the others are copies.

The run is a real one, so that its events have the sizes and the kinds of production.

What does not belong here: what is measured of it (``fleet_ui.py``).
"""

from contextlib import nullcontext

import psycopg
from dagster import DagsterInstance

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs.instance import add_tenants, observe_settings
from flyle_sf_assets.defs.jobs import refresh_tenant
from flyle_sf_assets.defs.resources import refreshes_of
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets_tests.bench.fleet_site import Site
from flyle_sf_assets_tests.flows.dagster_runs import QUIET
from flyle_sf_assets_tests.postgres import admin

MADE_EACH_DAY_S = 86_400
"""How far one run of a tenant is from its next."""

COPIES = """
CREATE TEMP TABLE copies AS
SELECT name AS tenant, number, gen_random_uuid()::text AS run_id,
  make_interval(secs => -%(apart)s * (number - 1)) AS earlier
FROM unnest(%(names)s::text[]) AS names(name), generate_series(1, %(each)s) AS numbers(number)
"""
RUNS = """
INSERT INTO runs (run_id, snapshot_id, pipeline_name, mode, status, run_body, partition,
  partition_set, create_timestamp, update_timestamp, start_time, end_time)
SELECT c.run_id, snapshot_id, pipeline_name, mode, status,
  replace(replace(run_body, %(run)s, c.run_id), %(tenant)s, c.tenant),
  c.tenant, partition_set, create_timestamp + c.earlier, update_timestamp + c.earlier,
  start_time + extract(epoch FROM c.earlier), end_time + extract(epoch FROM c.earlier)
FROM runs, copies c WHERE runs.run_id = %(run)s ORDER BY c.number DESC
"""
RUN_TAGS = """
INSERT INTO run_tags (run_id, key, value)
SELECT c.run_id, key, replace(value, %(tenant)s, c.tenant)
FROM run_tags, copies c WHERE run_tags.run_id = %(run)s
"""
EVENTS = """
CREATE TEMP TABLE copied AS
SELECT (SELECT max(id) FROM event_logs) + row_number() OVER (ORDER BY c.number DESC, e.id) AS id,
  e.id AS of_event, c.tenant, c.run_id, c.earlier
FROM event_logs e, copies c
WHERE e.run_id = %(run)s OR (e.run_id = '' AND e.partition = %(tenant)s AND c.number = 1)
"""
EVENT_LOGS = """
INSERT INTO event_logs
  (id, run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition)
SELECT c.id, CASE WHEN e.run_id = '' THEN '' ELSE c.run_id END,
  replace(replace(event, %(run)s, c.run_id), %(tenant)s, c.tenant),
  dagster_event_type, timestamp + c.earlier, step_key, asset_key,
  CASE WHEN partition IS NOT NULL THEN c.tenant END
FROM copied c JOIN event_logs e ON e.id = c.of_event
"""
EVENT_TAGS = """
INSERT INTO asset_event_tags (event_id, asset_key, key, value, event_timestamp)
SELECT c.id, asset_key, key, replace(value, %(tenant)s, c.tenant), event_timestamp + c.earlier
FROM copied c JOIN asset_event_tags t ON t.event_id = c.of_event
"""
AFTERWARDS = (
    "SELECT setval('event_logs_id_seq', (SELECT max(id) FROM event_logs))",
    # As a webserver has it that never saw these events.
    "UPDATE asset_keys SET cached_status_data = NULL",
    "ANALYZE",
)


def fill(site: Site, instance: DagsterInstance, names: tuple[str, ...], runs_each: int) -> int:
    """Gives every named tenant a partition and ``runs_each`` refreshes; returns how many events.

    ``site`` has one tenant, which is the model and stays as well.
    """
    [tenant] = site.tenants
    add_tenants(instance, [tenant])
    settings = registered_settings(site.installation, tenant)
    assert settings is not None
    observe_settings(instance, settings)
    resource = refreshes_of(lambda: nullcontext(site.installation))
    job = build_defs({"refreshes": resource}).resolve_job_def(refresh_tenant.name)
    run = job.execute_in_process(partition_key=tenant, instance=instance, run_config=QUIET)
    assert run.success
    add_tenants(instance, names)
    words = {
        "run": run.run_id,
        "tenant": tenant,
        "names": list(names),
        "each": runs_each,
        "apart": MADE_EACH_DAY_S,
    }
    with admin(site.installation.dagster_database_url.replace("+psycopg2", "")) as connection:
        for statement in (COPIES, RUNS, RUN_TAGS, EVENTS, EVENT_LOGS, EVENT_TAGS):
            connection.execute(statement.encode(), words)
        for statement in AFTERWARDS:
            connection.execute(statement.encode())
        return _count(connection)


def _count(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    found = connection.execute("SELECT count(*) FROM event_logs").fetchone()
    return int(str(found[0])) if found else 0
