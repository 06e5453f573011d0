"""Settings files: rules between keys, secrets, and several files at once."""

from pathlib import Path

import pytest

from flyle_sf_assets.errors import PlanNotEligible, SettingsInvalid, UsageError
from flyle_sf_assets.settings.loading import load_each, load_tenant
from flyle_sf_assets_tests.settings.files import (
    Load,
    LoadEdited,
    conditions_with,
    errors,
)


@pytest.mark.parametrize(
    ("op", "value", "code"),
    [
        ("in", "Proposal", "condition_value_not_list"),
        ("includes", "Proposal", "condition_value_not_list"),
        ("eq", "[Proposal]", "condition_value_is_list"),
        ("contains", "[Proposal]", "condition_value_is_list"),
        ("in", "[]", "condition_value_empty"),
        ("in", "[Proposal, ]", None),
        ("in", '[Proposal, ""]', "condition_value_empty"),
        ("in", "[[Proposal]]", "condition_value_invalid"),
        ("eq", "", "condition_value_missing"),
        ("eq", "~", "condition_value_empty"),
        ("eq", '""', "condition_value_empty"),
        ("is_null", "", None),
        ("is_null", "true", "condition_value_not_taken"),
        ("not_null", "", None),
        ("lt", "true", "condition_value_invalid"),
        ("contains", "true", "condition_value_invalid"),
        ("contains", "{date: TODAY}", "condition_value_invalid"),
        ("eq", "{date: TODAY}", None),
        ("in", "[{date: TODAY}, {date: YESTERDAY}]", None),
        ("eq", "{date: today}", "date_literal_unknown"),
        ("eq", "{date: LAST_N_DAYS}", "date_literal_unknown"),
        ("eq", "{date: 'LAST_N_DAYS:0'}", "date_literal_unknown"),
        ("eq", "{date: '2024-01-31'}", "date_literal_unknown"),
        ("eq", "{dat: TODAY}", "condition_value_invalid"),
        ("eq", "{date: TODAY, zone: UTC}", "condition_value_invalid"),
        ("eq", "{}", "condition_value_invalid"),
        ("like", "x", "value_not_allowed"),
    ],
)
def test_operators_and_values_must_go_together(
    load_edited: LoadEdited, op: str, value: str, code: str | None
) -> None:
    """Told before the org is asked, each once."""
    found = errors(load_edited(conditions_with(value, op)))
    assert [c for c, _, _ in found] == ([code] if code else [])
    assert all(line == 16 for _, _, line in found)


def test_alternatives_cannot_hold_alternatives(load_edited: LoadEdited) -> None:
    """One level of `any` is what the format has; the missing field is not told as well."""
    loaded = load_edited(
        (
            "{field: Account.Type, op: eq, value: Customer}",
            "any: [{any: [{field: Type, op: is_null}]}]",
        )
    )
    assert errors(loaded) == [("any_nested", "source.conditions[1].any[0].any", 17)]


def test_a_mistyped_key_is_told_once(load_edited: LoadEdited) -> None:
    """Not also as missing: that would be one mistake in two messages."""
    loaded = load_edited(("label: 売上,", "labell: 売上,"))
    assert errors(loaded) == [("unknown_key", "mapping[0].labell", 20)]
    assert "label" in loaded.problems[0].remedy.en


@pytest.mark.parametrize(
    ("flow", "parts", "missing", "unused"),
    [
        ("client_credentials", (), {"consumer_secret"}, set()),
        ("client_credentials", ("consumer_secret",), set(), set()),
        ("jwt_bearer", (), {"username", "private_key"}, set()),
        ("jwt_bearer", ("username", "private_key"), set(), set()),
        ("jwt_bearer", ("username", "private_key", "consumer_secret"), set(), {"consumer_secret"}),
        ("web_server", (), set(), set()),
        ("web_server", ("consumer_secret", "username"), set(), {"username"}),
    ],
)
def test_a_flow_needs_its_keys(
    load_edited: LoadEdited, flow: str, parts: tuple[str, ...], missing: set[str], unused: set[str]
) -> None:
    """What a flow needs is an error when it lacks; what it does not use is a warning."""
    written = {
        "consumer_secret": "{env: ACME_SF_SECRET}",
        "username": "sync@acme.example",
        "private_key": "{file: /run/secrets/acme.pem}",
    }
    lines = "".join(f"  {part}: {written[part]}\n" for part in parts)
    loaded = load_edited(
        ("flow: client_credentials", f"flow: {flow}"),
        ("  consumer_secret: {env: ACME_SF_SECRET}   #", f"{lines}  #"),
    )
    assert {p.rsplit(".")[-1] for c, p, _ in errors(loaded) if c == "missing_key"} == missing
    assert {p.path.rsplit(".")[-1] for p in loaded.problems if p.code == "unused_key"} == unused
    assert (loaded.settings is None) == bool(missing)


@pytest.mark.parametrize(
    "written",
    [
        "Sup3rS3cr3tValue",
        "'1234567890123456789'",
        "[Sup3rS3cr3tValue]",
        "{Sup3rS3cr3tValue}",
        "{value: Sup3rS3cr3tValue}",
        "{env: A, file: Sup3rS3cr3tValue}",
        "{env: Sup3rS3cr3tValue Sup3rS3cr3tValue}",
        "{env: 3MVG9Sup3rS3cr3tValue.abc}",
        f"{{env: {'Sup3rS3cr3tValue' * 4}}}",
        "{env: [Sup3rS3cr3tValue]}",
        '{file: "-----BEGIN RSA PRIVATE KEY-----\\nSup3rS3cr3tValue"}',
        "&Sup3rS3cr3tValue x",
        "*Sup3rS3cr3tValue",
        "!Sup3rS3cr3tValue x",
        "Sup3rS3cr3tValue: x",
        "'Sup3rS3cr3tValue",
        "@Sup3rS3cr3tValue",
        "{Sup3rS3cr3tValue: 1, Sup3rS3cr3tValue: 2}",
    ],
)
def test_a_secret_written_into_the_file_is_refused_and_never_repeated(
    load_edited: LoadEdited, written: str
) -> None:
    """Problems reach logs, pages and JSON output; a secret must reach none of them."""
    loaded = load_edited(("{env: ACME_SF_SECRET}", written))
    assert loaded.settings is None
    assert errors(loaded)
    with pytest.raises(SettingsInvalid) as raised:
        loaded.require()
    for text in (repr(loaded), str(raised.value), repr(raised.value)):
        assert "Sup3rS3cr3tValue" not in text
        assert "1234567890123456789" not in text


@pytest.mark.parametrize(
    "edit",
    [
        ("consumer_secret: {env: ACME_SF_SECRET}", "consumer_secrett: Sup3rS3cr3tValue"),
        ("consumer_secret: {env: ACME_SF_SECRET}", "consumer_secret:Sup3rS3cr3tValue"),
        ("consumer_secret: {env: ACME_SF_SECRET}", "password: Sup3rS3cr3tValue"),
        ("consumer_secret: {env: ACME_SF_SECRET}", "username: [Sup3rS3cr3tValue]"),
        ("https://acme.my", "https://user:Sup3rS3cr3tValue@acme.my"),
        ("flow: client_credentials", "flow: Sup3rS3cr3tValue"),
        ("display_name: 株式会社アクメ", "consumer_secret: Sup3rS3cr3tValue"),
    ],
)
def test_a_secret_in_the_wrong_place_of_the_connection_is_not_repeated(
    load_edited: LoadEdited, edit: tuple[str, str]
) -> None:
    """A slip of the keyboard puts it anywhere near."""
    loaded = load_edited(edit)
    assert errors(loaded)
    assert "Sup3rS3cr3tValue" not in repr(loaded)


def test_exactly_one_of_env_and_file(load_edited: LoadEdited) -> None:
    """Both, or neither, would leave it to chance which one is meant."""
    for written in ("{env: A, file: /b}", "{}", "{vault: x}"):
        found = errors(load_edited(("{env: ACME_SF_SECRET}", written)))
        assert [(c, p) for c, p, _ in found] == [
            ("secret_ref_invalid", "connection.consumer_secret")
        ]


def test_a_relative_secret_file_is_a_warning(load_edited: LoadEdited) -> None:
    """It would be another file for a run that starts elsewhere; allowed, but said."""
    loaded = load_edited(("{env: ACME_SF_SECRET}", "{file: secrets/acme}"))
    assert loaded.settings is not None
    assert "secret_file_relative" in [p.code for p in loaded.problems]


def test_guard_and_budget_give_no_warning(load: Load, contract_example: str) -> None:
    """Both are enforced."""
    assert "guard:" in contract_example
    assert "api_budget:" in contract_example
    assert [p.code for p in load(contract_example).problems] == []


def test_only_the_plan_stands_in_the_way(load_edited: LoadEdited) -> None:
    """`check` and `apply` report a problem; `sync` and `connect` are not permitted (exit 4)."""
    with pytest.raises(PlanNotEligible):
        load_edited(("plan: enterprise", "plan: starter")).require()
    with pytest.raises(SettingsInvalid):
        load_edited(("plan: enterprise", "plan: starter"), ("to: amount", "to: A")).require()


def test_one_to_one_names_are_unique_and_used(load_edited: LoadEdited) -> None:
    """Paths name these objects by ``as``: two of one name could not be told apart."""
    one = "{object: Contract_Info__c, lookup: Account__c, of: Account, as: ContractInfo}"
    twice = load_edited(
        (f"- {one}", f"- {one}\n    - {one.replace('ContractInfo', 'contractinfo')}")
    )
    assert errors(twice) == [("one_to_one_as_twice", "source.one_to_one[1].as", 15)]
    unused = load_edited(("Account.ContractInfo.Plan__c", "Account.Plan__c"))
    assert [p.path for p in unused.problems if p.code == "one_to_one_unused"] == [
        "source.one_to_one[0].as"
    ]


def test_a_broken_file_hides_no_other(tmp_path: Path, contract_example: str) -> None:
    """A tenant's broken settings must not stop the other tenants."""
    tenants = tmp_path / "tenants"
    tenants.mkdir()
    (tenants / "acme.yaml").write_text(contract_example, "utf-8")
    (tenants / "broken.yaml").write_text("a: [", "utf-8")
    (tenants / "empty.yaml").write_text("", "utf-8")
    (tenants / "folder.yaml").mkdir()
    (tenants / "other.yml").write_text(contract_example, "utf-8")
    (tenants / "latin.yaml").write_bytes("tenant: 株".encode("shift_jis"))
    (tenants / ".hidden.yaml").write_text("", "utf-8")
    (tenants / "README.md").write_text("", "utf-8")
    loaded = list(load_each(tmp_path))
    assert {one.tenant: [code for code, _, _ in errors(one)] for one in loaded} == {
        "acme": [],
        "broken": ["yaml_syntax"],
        "empty": ["empty_file"],
        "folder": ["file_unreadable"],
        "latin": ["not_utf8"],
        "other": ["file_suffix"],
    }
    assert [one.tenant for one in loaded if one.settings] == ["acme"]


def test_a_missing_folder_is_an_error_not_no_tenants(tmp_path: Path) -> None:
    """A failed read is not an empty read: "no tenants" would unlink everybody."""
    with pytest.raises(UsageError) as raised:
        list(load_each(tmp_path / "nowhere"))
    assert "nowhere" in raised.value.tried.ja
    (tmp_path / "tenants").mkdir()
    assert list(load_each(tmp_path)) == []


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    """The tenant's name is still known."""
    loaded = load_tenant(tmp_path / "gone.yaml")
    assert (loaded.tenant, [p.code for p in loaded.problems]) == ("gone", ["file_unreadable"])


def test_lines_of_places(load: Load, contract_example: str) -> None:
    """`line_of` is exact; `nearest_line` says where a missing key would stand."""
    lines = load(contract_example).lines
    assert lines.line_of("mapping[2].from") == 22
    assert lines.line_of("source.conditions[1]") == 17
    assert lines.line_of("mapping[2].nothing") is None
    assert lines.nearest_line("mapping[2].nothing") == 22
    assert lines.nearest_line("nothing.at[3].all") == 1
