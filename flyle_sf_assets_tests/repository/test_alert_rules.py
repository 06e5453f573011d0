"""The example of alert rules: valid, and about metrics and labels that the console has."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from flyle_sf_assets.console.pages.metrics import health_metrics, sync_metrics
from flyle_sf_assets.fleet.alerts import API_USED_MAX, LAG_INTERVALS_MAX, SHARE_MAX
from flyle_sf_assets.fleet.health import health_of
from flyle_sf_assets.store.syncs.sync_totals import (
    CALLS_BOUNDS,
    PULLED_BOUNDS,
    SECONDS_BOUNDS,
    Histogram,
    SyncTotals,
)
from flyle_sf_assets.store.tenants.tenant_health import TenantRow
from flyle_sf_assets.telemetry.prometheus import exposition

DURATION = re.compile(r"\d+[smhd]")
NOW = datetime(2026, 4, 1, tzinfo=UTC)


def histogram(bounds: tuple[float, ...]) -> Histogram:
    return Histogram(bounds, (1,) * (len(bounds) + 1), 1.0)


@pytest.fixture(scope="module")
def series() -> set[tuple[str, frozenset[str]]]:
    """Names and label names of everything that is exposed, with a tenant in trouble."""
    health = health_of([TenantRow("acme", "failing", "3h", NOW)], (), NOW)
    totals = SyncTotals("refresh", "done", 1, *map(histogram, _BOUNDS))
    text = exposition((*health_metrics(health), *sync_metrics((totals,))))
    return {
        (name, frozenset(re.findall(r'(\w+)="', labels or "")))
        for name, labels in re.findall(r"^(\w+)(\{.*\})? ", text, flags=re.MULTILINE)
    }


_BOUNDS = (SECONDS_BOUNDS, PULLED_BOUNDS, CALLS_BOUNDS)


@pytest.fixture(scope="module")
def rules(root: Path) -> list[dict[str, Any]]:
    """All rules of the file."""
    file = root / "config" / "deploy" / "prometheus" / "alerts.yaml"
    document = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    assert document.keys() == {"groups"}
    return [rule for group in document["groups"] for rule in group["rules"]]


def test_every_rule_is_complete(rules: list[dict[str, Any]]) -> None:
    """Prometheus refuses a file with an unknown key or a wrong duration as a whole."""
    assert len(rules) >= 5
    names = [rule["alert"] for rule in rules]
    assert len(names) == len(set(names))
    for rule in rules:
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert DURATION.fullmatch(rule.get("for", "1m"))
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
        for opening, closing in ("()", "{}", "[]"):
            assert rule["expr"].count(opening) == rule["expr"].count(closing)


def test_the_thresholds_are_those_of_the_products_own_alerts(rules: list[dict[str, Any]]) -> None:
    """The file says so: two thresholds for one thing would tell two stories."""
    expressions = {rule["alert"]: rule["expr"] for rule in rules}
    assert f" {SHARE_MAX} *" in expressions["FlyleManyTenantsFailing"]
    assert f" {SHARE_MAX} *" in expressions["FlyleManyTenantsOverdue"]
    assert expressions["FlyleSyncLag"].endswith(f" > {LAG_INTERVALS_MAX:g}")
    assert expressions["FlyleApiLimitNear"].endswith(f" > {API_USED_MAX}")


def test_every_metric_and_label_of_a_rule_exists(
    rules: list[dict[str, Any]], series: set[tuple[str, frozenset[str]]]
) -> None:
    """An alert on a name that was misspelt never fires."""
    labels_of: dict[str, set[str]] = {}
    for name, labels in series:
        labels_of.setdefault(name, set()).update(labels)
    for rule in rules:
        used = re.findall(r"(flyle_\w+)(?:\{([^}]*)\})?", rule["expr"])
        assert used, rule["alert"]
        for name, matchers in used:
            assert name in labels_of, f"{rule['alert']}: {name}"
            asked = set(re.findall(r"(\w+)(?:=~|!=|=)", matchers))
            assert asked <= labels_of[name], f"{rule['alert']}: {asked}"
        told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert told <= labels_of[used[0][0]], rule["alert"]
