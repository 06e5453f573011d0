"""X16: ``/metrics``, as Prometheus would scrape it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import requests

from flyle_sf_assets.console.pages.metrics import sync_metrics
from flyle_sf_assets.console.settings import ConsoleSettings, console_settings
from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.telemetry.prometheus import Metric, Sample, exposition
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.exposition import parsed
from flyle_sf_assets_tests.postgres import admin

TOKEN = "M4_hxAfUKjlQnuR3I-ge7YRZmOfnmzyY3Kz1qRf5i6Q"


@contextmanager
def other_console(street: Street, **fields: object) -> Iterator[None]:
    """The console with other settings or another clock."""
    state = street.house.app.state
    before = state.console
    state.console = replace(before, **fields)
    yield
    state.console = before


@pytest.fixture(scope="module")
def metered(street: Street) -> Iterator[Street]:
    """The console with a token for its metrics."""
    settings = replace(street.house.settings, metrics_token=TOKEN)
    with other_console(street, settings=settings):
        yield street


def scrape(street: Street, header: str | None) -> requests.Response:
    headers = {} if header is None else {"Authorization": header}
    return street.house.stranger().get("/metrics", **headers)


def counted(street: Street, sql: str) -> list[tuple[Any, ...]]:
    """What a superuser sees of all tenants."""
    with admin(street.house.installation.database_url) as connection:
        return connection.execute(sql.encode()).fetchall()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN[:-1]}é".encode().decode("latin-1"),
    ],
)
def test_without_the_token_nothing_is_told(metered: Street, header: str | None) -> None:
    """401, and neither a figure nor the token in the answer."""
    answer = scrape(metered, header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "flyle_" not in answer.text
    assert TOKEN not in answer.text


def test_a_session_of_a_person_is_no_token(metered: Street) -> None:
    """An administrator of one tenant would read the figures of all."""
    assert metered.house.visitor("acme").get("/metrics").status_code == 401


def test_a_console_without_a_token_has_no_metrics(metered: Street) -> None:
    """Settings made by hand, as in tests: 404, whatever is sent."""
    with other_console(metered, settings=metered.house.settings):
        assert scrape(metered, f"Bearer {TOKEN}").status_code == 404
        assert scrape(metered, "Bearer None").status_code == 404


def test_the_figures_are_those_of_the_database(metered: Street) -> None:
    """Counted by SQL of this test; two tenants have synced once each, by their own clock."""
    with other_console(metered, clock=metered.globex.clock.now):
        answer = scrape(metered, f"Bearer {TOKEN}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = parsed(answer.text)
    assert found.value("flyle_tenants", state="linked") == 2
    assert found.value("flyle_tenants", state="failing") == 0
    assert found.value("flyle_tenants_live") == 2
    [(companies, rejected)] = counted(
        metered,
        "SELECT (SELECT count(*) FROM flyle.companies WHERE status = 'linked'),"
        " (SELECT count(*) FROM flyle.rejected_records WHERE resolved_at IS NULL)",
    )
    assert companies > 0
    assert found.value("flyle_companies") == companies
    assert found.value("flyle_rejected_values") == rejected
    [(syncs, seconds, pulled, calls)] = counted(
        metered,
        "SELECT count(*), sum(extract(epoch FROM finished_at - started_at)), sum(pulled),"
        " sum(api_calls) FROM flyle.syncs WHERE kind = 'initial' AND state = 'done'",
    )
    initial = {"kind": "initial", "state": "done"}
    assert syncs == 2
    for name, total in (
        ("flyle_sync_duration_seconds", float(seconds)),
        ("flyle_sync_rows", pulled),
        ("flyle_sync_api_calls", calls),
    ):
        assert found.types[name] == "histogram"
        assert found.value(f"{name}_count", **initial) == syncs
        assert found.value(f"{name}_sum", **initial) == pytest.approx(float(total))
        buckets = {
            float(dict(labels)["le"]): value
            for (bucket, labels), value in found.values.items()
            if bucket == f"{name}_bucket" and initial.items() <= dict(labels).items()
        }
        counts = [buckets[bound] for bound in sorted(buckets)]
        assert counts == sorted(counts)
        assert counts[-1] == syncs
    [(ours,)] = counted(metered, "SELECT sum(calls) FROM flyle.api_calls")
    assert found.value("flyle_api_calls_24h") == ours
    for word in ("Acme", metered.acme.there.consumer_key, TOKEN):
        assert word not in answer.text


def test_labels_are_escaped_and_empty_histograms_have_no_samples() -> None:
    """Backslash, quote and line end are the format's own characters."""
    text = exposition([Metric("m", "gauge", "a\nb\\", (Sample(1.5, {"l": 'x"\\\n'}),))])
    assert text == '# HELP m a\\nb\\\\\n# TYPE m gauge\nm{l="x\\"\\\\\\n"} 1.5\n'
    assert parsed(exposition(sync_metrics(()))).values == {}


def test_the_token_is_made_once_and_a_short_one_is_refused(street: Street) -> None:
    """A token that can be guessed opens the figures of all customers."""
    environment = street.house.installation.environment
    first = console_settings(environment, "http://127.0.0.1:1", {})
    again = console_settings(environment, "http://127.0.0.1:1", {})
    assert first.metrics_token == again.metrics_token
    assert first.metrics_token != first.secret
    assert (environment.home / "metrics.token").stat().st_mode & 0o777 == 0o600
    given = console_settings(environment, "http://127.0.0.1:1", {"FLYLE_METRICS_TOKEN": TOKEN})
    assert given.metrics_token == TOKEN
    assert TOKEN not in repr(given)
    with pytest.raises(UsageError, match="FLYLE_METRICS_TOKEN"):
        ConsoleSettings("http://127.0.0.1", "s" * 32, metrics_token="short")
