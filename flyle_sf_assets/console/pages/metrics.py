"""``/metrics``: the fleet's health and the syncs of all tenants, for Prometheus.

Not for people: no session, but a bearer token of the operator's. Names of metrics and labels are
used by alert rules and dashboards, so they never change.
"""

import hmac
from collections.abc import Iterator

from starlette.responses import PlainTextResponse, Response

from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.fleet.health import FleetHealth, Spread, read_health
from flyle_sf_assets.store.syncs.sync_totals import SyncTotals, sync_totals
from flyle_sf_assets.telemetry.prometheus import (
    CONTENT_TYPE,
    Metric,
    Sample,
    exposition,
    gauge,
    histogram_samples,
)

_SCHEME = "bearer"


def metrics(page_request: PageRequest) -> Response:
    """All metrics; 401 without the operator's token, 404 when the console has none."""
    expected = page_request.console.settings.metrics_token
    if expected is None:
        return PlainTextResponse("no metrics\n", status_code=404)
    if not _is_token(page_request.request.headers.get("authorization", ""), expected):
        return PlainTextResponse(
            "bearer token needed\n", status_code=401, headers={"WWW-Authenticate": "Bearer"}
        )
    installation = page_request.installation
    health = read_health(
        installation.database, page_request.now, every_s=installation.environment.refresh_every_s
    )
    with installation.database.fleet() as tx:
        totals = sync_totals(tx)
    text = exposition((*health_metrics(health), *sync_metrics(totals)))
    return Response(text, headers={"Content-Type": CONTENT_TYPE})


def _is_token(header: str, expected: str) -> bool:
    """Whether the header has the token; the time does not depend on how much of it is right."""
    scheme, _, given = header.partition(" ")
    is_same = hmac.compare_digest(given.strip().encode(), expected.encode())
    return is_same and scheme.lower() == _SCHEME


def health_metrics(health: FleetHealth) -> Iterator[Metric]:
    """The health of all tenants as gauges."""
    yield Metric(
        "flyle_tenants",
        "gauge",
        "Tenants that have settings, by the state of their link.",
        tuple(Sample(count, {"state": state}) for state, count in health.states.items()),
    )
    yield gauge("flyle_tenants_live", "Tenants that must be refreshed.", health.live)
    yield gauge("flyle_tenants_overdue", "Live tenants overdue by more than 1 h.", health.overdue)
    yield gauge("flyle_tenants_held", "Live tenants with a held mass change.", health.held)
    yield gauge(
        "flyle_tenants_postponed", "Live tenants that wait for API requests.", health.postponed
    )
    yield gauge("flyle_tenants_never_synced", "Live tenants never synced.", health.never_synced)
    yield gauge(
        "flyle_tenants_with_rejected", "Live tenants with rejected values.", health.with_rejected
    )
    yield gauge("flyle_tenants_troubled", "Live tenants with a reason to look.", health.troubled)
    yield _spread(
        "flyle_sync_lag_seconds", "Time since live tenants were last synced.", health.lag_s
    )
    yield _spread(
        "flyle_sync_lag_intervals",
        "The same in each tenant's own refresh intervals.",
        health.lag_intervals,
    )
    yield gauge("flyle_rejected_values", "Values rejected at present.", health.rejected)
    yield gauge("flyle_companies", "Linked companies when last written.", health.companies)
    yield gauge("flyle_api_calls_24h", "Our API calls of 24 h.", health.api.calls_24h)
    yield gauge(
        "flyle_api_used_by_us_ratio_max",
        "The largest share of an org's daily API requests that we used in 24 h.",
        health.api.ours_max,
    )
    yield gauge(
        "flyle_api_used_ratio_max",
        "The largest share of an org's daily API requests that all its users used in 24 h.",
        health.api.all_max,
    )
    yield Metric(
        "flyle_tenant_trouble",
        "gauge",
        "The worst tenants, 20 at most, by their worst reason.",
        tuple(
            Sample(1, {"tenant": one.tenant_id, "reason": one.reasons[0].code})
            for one in health.worst
        ),
    )


def sync_metrics(totals: tuple[SyncTotals, ...]) -> Iterator[Metric]:
    """Histograms of the ended syncs of all tenants, by kind and result."""
    figures = (
        ("flyle_sync_duration_seconds", "Seconds of ended syncs.", "seconds"),
        ("flyle_sync_rows", "Rows that ended syncs read from Salesforce.", "pulled"),
        ("flyle_sync_api_calls", "API calls of ended syncs.", "api_calls"),
    )
    for name, text, figure in figures:
        samples: list[Sample] = []
        for one in totals:
            found = getattr(one, figure)
            labels = {"kind": one.kind, "state": one.state}
            samples += histogram_samples(found.bounds, found.counts, found.total, labels)
        yield Metric(name, "histogram", text, tuple(samples))


def _spread(name: str, text: str, spread: Spread) -> Metric:
    """Percentiles as a gauge: the values are not observations of a period."""
    values = (("0.5", spread.p50), ("0.95", spread.p95), ("1", spread.max))
    return Metric(
        name, "gauge", text, tuple(Sample(value, {"quantile": label}) for label, value in values)
    )
