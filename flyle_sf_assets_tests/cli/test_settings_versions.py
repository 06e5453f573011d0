"""``flyle-sf settings``: versions in words, and an earlier one restored, with a file or without."""

import errno
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets_tests.cli.site import Site, make_org

RELABELLED = ("label: 従業員規模", "label: 社員数")
MISSPELT = ("from: AnnualRevenue", "from: AnualRevenue")


def _versions(here: Site, tenant: str) -> list[dict[str, Any]]:
    answer = here.run("settings", tenant, "--json")
    assert answer.code == 0, answer.err
    versions = answer.document["versions"]
    assert isinstance(versions, list)
    return versions


def _document(here: Site, tenant: str, version: int) -> Any:
    [(kept,)] = here.query(
        f"SELECT document FROM flyle.settings_versions WHERE version = {version}"  # noqa: S608
        f" AND tenant_id = '{tenant}'"
    )
    return kept


def test_versions_are_listed_with_who_when_and_what_in_the_orgs_labels(here: Site) -> None:
    org = make_org(samples.account_org, accounts=3)
    here.link("listed", org)
    assert here.run("sync", "listed").code == 0
    here.link("listed", org, RELABELLED, ("  - {from: Industry", "  # - {from: Industry"))
    assert here.run("sync", "listed").code == 0

    two, one = _versions(here, "listed")
    assert (one["version"], one["state"], one["changes"]) == (1, "earlier", [])
    assert (two["version"], two["state"], two["author"]) == (2, "in_effect", "file:listed.yaml")
    told = {change["text_ja"] for change in two["changes"]}
    assert "「社員数」の項目名: 「従業員規模」 → 「社員数」" in told
    assert any(re.match(r"「業種 ← 業種」を外す\(取り込み済みの値は残り", text) for text in told)

    shown = here.run("settings", "listed", LANG="ja_JP.UTF-8")
    assert shown.code == 0
    assert "バージョン 2  適用中" in shown.out
    assert "設定ファイル listed.yaml" in shown.out
    assert "「業種 ← 業種」を外す" in shown.out
    assert "industry ← Industry" in shown.out
    english = here.run("settings", "listed")
    assert "version 2  In effect" in english.out
    assert "最初" not in english.out


def test_a_restored_file_is_written_and_the_sensor_finds_the_same_in_it(here: Site) -> None:
    """Settings of a file follow the file: the next read would replace a version beside it."""
    org = make_org(samples.account_org, accounts=3)
    here.link("written", org)
    assert here.run("sync", "written").code == 0
    here.link("written", org, RELABELLED)
    file = here.tenants / "written.yaml"
    changed = file.read_text("utf-8")
    assert here.run("sync", "written").code == 0

    restored = here.run("settings", "written", "--restore", "1")
    assert restored.code == 0, restored.err
    assert "version 3" in restored.out
    assert "written.yaml.bak" in restored.out
    assert _document(here, "written", 3) == _document(here, "written", 1)
    assert (here.tenants / "written.yaml.bak").read_text("utf-8") == changed
    assert "label: 従業員規模" in file.read_text("utf-8")
    beside = sorted(path.name for path in here.tenants.iterdir() if "written" in path.name)
    assert beside == ["written.yaml", "written.yaml.bak"]

    applied = here.run("apply", "--json").document["tenants"]
    [one] = [found for found in applied if found["tenant"] == "written"]
    assert (one["version"], one["changed"], one["problems"]) == (3, False, [])
    assert here.run("sync", "written").code == 0
    three, two, one = _versions(here, "written")
    assert [v["state"] for v in (three, two, one)] == ["in_effect", "earlier", "earlier"]
    assert three["same_as"] == 1

    again = here.run("settings", "written", "--restore", "1", "--json").document
    assert (again["version"], again["changed"], again["file"]) == (3, False, None)


def test_what_is_shown_is_a_settings_file_of_that_version(here: Site) -> None:
    org = make_org(samples.account_org, accounts=3)
    here.link("shown", org)
    assert here.run("apply").code == 0
    first = _document(here, "shown", 1)
    here.link("shown", org, RELABELLED)
    assert here.run("apply").code == 0
    shown = here.run("settings", "shown", "--show", "1")
    document = here.run("settings", "shown", "--show", "1", "--json").document
    assert document == {"tenant": "shown", "version": 1, "yaml": shown.out}
    (here.tenants / "shown.yaml").write_text(shown.out, encoding="utf-8")
    assert here.run("apply").code == 0
    assert _document(here, "shown", 3) == first


def test_without_a_file_a_restore_is_a_version_of_the_command_line(here: Site) -> None:
    org = make_org(samples.account_org, accounts=3)
    here.link("fileless", org)
    assert here.run("apply").code == 0
    here.link("fileless", org, RELABELLED)
    assert here.run("apply").code == 0
    (here.tenants / "fileless.yaml").unlink()
    restored = here.run("settings", "fileless", "--restore", "1", "--json").document
    assert (restored["version"], restored["changed"], restored["file"]) == (3, True, None)
    assert [change["text_ja"] for change in restored["changes"]] == [
        "「従業員規模」の項目名: 「社員数」 → 「従業員規模」"
    ]
    assert _versions(here, "fileless")[0]["author"] == "cli"


def test_a_restored_version_that_the_org_does_not_fit_is_kept_as_not_applied(here: Site) -> None:
    org = make_org(samples.account_org, accounts=3)
    here.link("unfit", org)
    assert here.run("sync", "unfit").code == 0
    here.link("unfit", org, MISSPELT)
    assert here.run("sync", "unfit").code == 2
    here.link("unfit", org)
    assert here.run("sync", "unfit").code == 0
    assert [one["state"] for one in _versions(here, "unfit")] == [
        "in_effect",
        "not_applied",
        "earlier",
    ]

    assert here.run("settings", "unfit", "--restore", "2").code == 0
    assert here.run("sync", "unfit").code == 2
    newest = _versions(here, "unfit")[0]
    assert (newest["version"], newest["state"], newest["same_as"]) == (4, "not_applied", 2)
    assert "AnualRevenue" in newest["problems"][0]["message"]
    assert [one["state"] for one in _versions(here, "unfit")][1] == "in_effect"


def test_a_version_or_tenant_that_is_not_there_is_an_error(here: Site) -> None:
    org = make_org(samples.account_org, accounts=3)
    here.link("lonely", org)
    assert here.run("sync", "lonely").code == 0
    unknown = here.run("settings", "lonely", "--restore", "7", "--json")
    assert unknown.code == 1
    assert unknown.document["error"]["code"] == "unknown_settings_version"
    assert here.run("settings", "nobody", "--json").code == 4
    assert here.run("settings", "lonely", "--show", "1", "--restore", "1").code == 2


@pytest.mark.parametrize("place", [(tempfile, "mkstemp"), (Path, "replace")])
def test_a_file_that_cannot_be_written_stays_as_it_is(
    here: Site, monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str]
) -> None:
    """Nothing half written is left, and the settings of before are still there."""
    org = make_org(samples.account_org, accounts=3)
    tenant = f"full{place[1]}"
    for changes in ((), (RELABELLED,)):
        here.link(tenant, org, *changes)
        here.run("apply")
    assert len(_versions(here, tenant)) == 2
    before = (here.tenants / f"{tenant}.yaml").read_bytes()

    owner, name = place
    ours, original = str(here.tenants), getattr(owner, name)

    def full(*args: Any, **named: Any) -> Any:
        if ours in f"{args}{named}":
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, full)
        answer = here.run("settings", tenant, "--restore", "1", "--json")
    assert (answer.code, answer.document["error"]["code"]) == (2, "settings_file_not_written")
    assert (here.tenants / f"{tenant}.yaml").read_bytes() == before
    assert not list(here.tenants.glob(".*.part"))
    assert len(_versions(here, tenant)) == 2
