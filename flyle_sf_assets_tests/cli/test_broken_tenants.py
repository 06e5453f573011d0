"""A tenant that is broken gets its own error and exit code; the tenant beside it syncs."""

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from flyle_sf_assets_tests.cli.site import Site, make_org
from flyle_sf_assets_tests.flows.tenants import PLACEHOLDER

JAPANESE = re.compile("[ぁ-ん]")
ENGLISH = re.compile(r"(?:\"[^\"]+\" )?[A-Za-z][A-Za-z ]{5}")
WRONG_SECRET = "a-secret-that-is-wrong-1234567890"


@pytest.fixture(scope="module")
def closed_port() -> Iterator[int]:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(scope="module")
def broken(here: Site, closed_port: int) -> Site:
    """Tenants in one folder, each broken in its own way but one."""
    org = make_org()
    here.link("sound", org)
    here.link("unreadable", org, ("source:", "source: ["))
    here.link("misspelt", org, ("from: AnnualRevenue", "from: AnualRevenue"))
    here.link("down", org, (PLACEHOLDER, f"https://127.0.0.1:{closed_port}"))
    here.link("injected", org, ("from: AnnualRevenue", 'from: "Site; DELETE"'))
    here.link("elsewhere", org, (PLACEHOLDER, "https://evil.example.com"))
    here.link("free", org, ("plan: enterprise", "plan: free"))
    here.link("secret", org)
    here.secrets["SECRET_SF_SECRET"] = WRONG_SECRET
    here.link("key", org)
    here.secrets["KEY_SF_KEY"] = "3MVG9.nobody.knows.this.key"
    here.link("unset", org)
    del here.secrets["UNSET_SF_SECRET"]
    return here


@dataclass(frozen=True)
class Fault:
    """What a broken tenant's commands say: exit codes, and the code and a word of the answer.

    ``sync`` is None where the same error would only cost another Dagster run to see.
    """

    check: int
    sync: int | None
    code: str
    word: str


FAULTS = {
    "unreadable": Fault(2, 2, "yaml_syntax", "line 14"),
    "misspelt": Fault(2, 2, "field_unknown", "AnnualRevenue"),
    "down": Fault(5, 5, "unreachable", "127.0.0.1"),
    "injected": Fault(2, 2, "path_invalid", "Site; DELETE"),
    "elsewhere": Fault(2, 2, "org_url_not_allowed", "evil.example.com"),
    "free": Fault(2, 4, "plan_not_eligible", "enterprise, professional"),
    "secret": Fault(4, 4, "secret_wrong", "Consumer Secret"),
    "key": Fault(4, None, "app_unknown", "10 minutes"),
    "unset": Fault(4, None, "secret_missing", "UNSET_SF_SECRET"),
}


@pytest.mark.parametrize("tenant", FAULTS)
def test_a_broken_tenant_says_what_is_wrong_and_what_to_do(
    tenant: str, broken: Site, closed_port: int
) -> None:
    """``check`` and ``sync`` agree, in both languages, and stdout holds one JSON object."""
    fault = FAULTS[tenant]
    hosts = f"{broken.server.url.removeprefix('https://')},127.0.0.1:{closed_port}"
    commands = ["check"] if fault.sync is None else ["check", "sync"]
    check, *syncs = [
        broken.run(command, tenant, "--json", FLYLE_SF_EXTRA_HOSTS=hosts) for command in commands
    ]
    assert check.code == fault.check
    assert check.document["ok"] is False
    (told,) = check.document["problems"] or [check.document["error"]]
    assert told["code"] == fault.code
    _assert_told(told, fault.word)
    for sync in syncs:
        assert sync.code == fault.sync
        assert sync.document.keys() >= SYNC_KEYS
        assert sync.document["tenant"] == tenant
        assert sync.document["state"] == ("postponed" if fault.sync == 5 else "failed")
        assert sync.document["error"]["code"] in (fault.code, "settings_invalid")
        _assert_told(sync.document["error"], fault.word)


SYNC_KEYS = {
    "tenant", "sync_id", "state", "kind", "pulled", "created", "changed", "gone", "rejected",
    "api_calls", "seconds", "error",
}  # fmt: skip


def _assert_told(told: dict[str, str], word: str) -> None:
    assert word in json.dumps(told, ensure_ascii=False)
    _assert_two_languages(told)


def _assert_two_languages(told: dict[str, str]) -> None:
    """What happened, and the remedy; an English sentence may name a label of the org."""
    what = "message" if "message" in told else "tried"
    for name in (what, "remedy"):
        assert ENGLISH.match(told[name])
        assert JAPANESE.search(told[f"{name}_ja"])


def test_a_database_that_is_down_is_said_without_a_traceback(broken: Site) -> None:
    """Nothing is wrong with the tenant, so ``check`` still says that its settings are sound."""
    nowhere = "postgresql://flyle:a-database-password@127.0.0.1:1/flyle"
    commands = (("sync", "sound"), ("status",), ("check", "sound"))
    *failed, check = [broken.run(*one, "--json", FLYLE_DATABASE_URL=nowhere) for one in commands]
    for answer in failed:
        assert answer.code == 1
        _assert_two_languages(answer.document["error"])
        assert answer.document["error"]["retryable"] is True
        assert "Traceback" not in answer.err
        assert "a-database-password" not in answer.out + answer.err
    assert check.code == 0


def test_the_tenant_beside_broken_ones_is_applied_and_synced(
    broken: Site, closed_port: int
) -> None:
    """One customer's typing error must not stop another customer's data.

    What a person must do stands in the status hours later; no secret stands anywhere.
    """
    hosts = f"{broken.server.url.removeprefix('https://')},127.0.0.1:{closed_port}"
    applied = broken.run("apply", "--json", FLYLE_SF_EXTRA_HOSTS=hosts)
    assert applied.code == 2
    usable = {one["tenant"]: bool(one["version"]) for one in applied.document["tenants"]}
    assert usable.keys() == FAULTS.keys() | {"sound"}
    unusable = [name for name, is_usable in usable.items() if not is_usable]
    assert unusable == ["elsewhere", "free", "injected", "unreadable"]
    problems = {
        one["tenant"]: {(p["code"], p["line"]) for p in one["problems"]}
        for one in applied.document["tenants"]
    }
    assert ("org_url_not_allowed", 8) in problems["elsewhere"]
    assert ("path_invalid", 17) in problems["injected"]
    synced = [broken.run("sync", name, FLYLE_LOG_LEVEL="DEBUG") for name in ("sound", "secret")]
    assert [answer.code for answer in synced] == [0, 4]
    standing = {one["tenant"]: one for one in broken.run("status", "--json").document["tenants"]}
    assert standing["sound"]["state"] == "linked"
    assert standing["sound"]["companies"] == len(broken.server.orgs[-1].ids("Account"))
    assert standing["sound"]["attention"] == standing["sound"]["stale_assets"] == []
    assert standing["secret"]["state"] == "failing"
    (attention,) = standing["secret"]["attention"]
    assert JAPANESE.search(attention["message_ja"])
    assert "Consumer Secret" in attention["remedy_en"]
    _assert_no_secret_told(broken)


def _assert_no_secret_told(broken: Site) -> None:
    """Not by a command, not in Dagster's database, not in ours."""
    org = broken.server.orgs[-1]
    secrets = [WRONG_SECRET, org.consumer_secret, *org._access_tokens]  # noqa: SLF001
    assert len(secrets) > 2
    ours = broken.texts_of(broken.database_url, "flyle")
    theirs = broken.texts_of(broken.dagster_url, "public")
    assert len(ours) > 100
    assert len(theirs) > 50
    for secret in secrets:
        for text in (*broken.told, *ours, *theirs):
            assert secret not in text
