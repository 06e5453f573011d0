"""Settings files: what is accepted, and every problem at once with file, line, value, remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flyle_sf_assets.errors import PlanNotEligible, SettingsInvalid, UsageError
from flyle_sf_assets.settings.loading import Loaded, load_all, load_tenant
from flyle_sf_assets.settings.models import (
    AnyOf,
    Condition,
    DateLiteral,
    FlyleType,
    Operator,
)

Load = Callable[[str], Loaded]
LoadEdited = Callable[..., Loaded]


def errors(loaded: Loaded) -> list[tuple[str, str, int | None]]:
    """Code, path and line of every error, warnings left out."""
    return [(p.code, p.path, p.line) for p in loaded.problems if p.severity == "error"]


def conditions_with(value: str, op: str = "eq") -> tuple[str, str]:
    """Replaces the example's first condition."""
    return (
        "{field: StageName, op: in, value: [Proposal, Closed Won]}",
        f"{{field: StageName, op: {op}{f', value: {value}' if value else ''}}}",
    )


def test_the_contracts_example_loads(load: Load, contract_example: str) -> None:
    """The public contract is the format: every value arrives as written."""
    loaded = load(contract_example)
    settings = loaded.require()
    assert errors(loaded) == []
    assert (settings.tenant, settings.display_name) == ("acme", "株式会社アクメ")
    assert settings.connection.consumer_secret is not None
    assert settings.connection.consumer_secret.env == "ACME_SF_SECRET"
    assert settings.source.one_to_one[0].as_ == "ContractInfo"
    assert settings.source.conditions[0] == Condition(
        field="StageName", op=Operator.IN, value=("Proposal", "Closed Won")
    )
    assert settings.source.conditions[2] == Condition(
        field="CloseDate", op=Operator.GE, value=DateLiteral(date="LAST_N_DAYS:365")
    )
    assert settings.mapping[2].from_ == "Account.NumberOfEmployees"
    assert settings.mapping[2].when_blank == "keep"
    assert settings.mapping[3].type is FlyleType.SINGLE_SELECT
    assert settings.refresh.every_s == 3 * 3600


@pytest.mark.parametrize(
    "written",
    [
        "100",
        "1.10",
        "-0.50",
        "1e3",
        "007",
        "0x1F",
        "1_000",
        "2024-01-31",
        "2024-01-31T09:00:00Z",
        "2024-01-31 09:00:00+09:00",
        "12:30",
        "yes",
        "NO",
        "on",
        ".inf",
        "2024",
    ],
)
def test_unquoted_values_keep_their_exact_text(load_edited: LoadEdited, written: str) -> None:
    """A YAML reader that makes 1.10 a float, NO a boolean or 2024-01-31 a date loses the text."""
    settings = load_edited(conditions_with(written)).require()
    condition = settings.source.conditions[0]
    assert isinstance(condition, Condition)
    assert condition.value == written


def test_only_true_and_false_are_booleans(load_edited: LoadEdited) -> None:
    """Quoted, they are text: a picklist may have an option called true."""
    for written, value in (("true", True), ("False", False), ('"true"', "true")):
        condition = load_edited(conditions_with(written)).require().source.conditions[0]
        assert isinstance(condition, Condition)
        assert condition.value is value or condition.value == value
        assert type(condition.value) is type(value)


def test_alternatives_are_read(load_edited: LoadEdited) -> None:
    """`any` groups alternatives."""
    loaded = load_edited(
        (
            "{field: Account.Type, op: eq, value: Customer}",
            "any: [{field: Type, op: is_null}, {field: Type, op: eq, value: New}]",
        )
    )
    group = loaded.require().source.conditions[1]
    assert isinstance(group, AnyOf)
    assert [c.op for c in group.any] == [Operator.IS_NULL, Operator.EQ]


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(
    tmp_path: Path, contract_example: str
) -> None:
    """Editors on Windows write both."""
    path = tmp_path / "acme.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + contract_example.replace("\n", "\r\n").encode())
    loaded = load_tenant(path)
    assert loaded.settings is not None
    assert loaded.lines.line_of("mapping[0]") == 20


def test_every_problem_of_a_file_is_told_at_once(load_edited: LoadEdited) -> None:
    """Who fixes a file one message at a time gives up before the last one."""
    loaded = load_edited(
        ("plan: enterprise", "plan: starter"),
        ("flow: client_credentials", "flow: client_credential"),
        ("to: phase", "to: amount"),
        ("label: 従業員規模, type: number", "lable: x, type: numbr"),
        ("Asia/Tokyo", "Asia/Tokio"),
        ("LAST_N_DAYS:365", "LAST_DAYS:365"),
        ("every: 3h", "every: 90m"),
        ("max_gone: 20%", "max_gone: 200%"),
        ("tenant: acme", "tenant: acme\ntenant: acme\nfoo: 1"),
    )
    assert loaded.settings is None
    assert errors(loaded) == [
        ("duplicate_key", "tenant", 2),
        ("unknown_key", "foo", 3),
        ("plan_not_eligible", "plan", 5),
        ("time_zone_unknown", "time_zone", 6),
        ("value_not_allowed", "connection.flow", 9),
        ("date_literal_unknown", "source.conditions[2].value.date", 20),
        ("to_twice", "mapping[1].to", 23),
        ("value_not_allowed", "mapping[2].type", 24),
        ("unknown_key", "mapping[2].lable", 24),
        ("every_invalid", "refresh.every", 26),
        ("percent_invalid", "guard.max_gone", 27),
    ]
    with pytest.raises(SettingsInvalid) as raised:
        loaded.require()
    assert len(raised.value.problems) == len(loaded.problems)


def test_a_problem_names_file_line_value_and_what_is_allowed(load_edited: LoadEdited) -> None:
    """In Japanese and in English."""
    loaded = load_edited(("label: 売上, type: number", "label: 売上, type: nummber"))
    (problem,) = (p for p in loaded.problems if p.severity == "error")
    assert problem.place == "acme.yaml:20 mapping[0].type"
    for text in (problem.message.ja, problem.message.en):
        assert "nummber" in text
        assert "single_select" in text
    assert "number" in problem.remedy.ja
    assert "number" in problem.remedy.en


@pytest.mark.parametrize(
    ("edit", "code", "path"),
    [
        (("time_zone:", "timezone:"), "unknown_key", "timezone"),
        (("display_name: 株式会社アクメ\n", ""), "missing_key", "display_name"),
        (("display_name: 株式会社アクメ", "display_name:"), "empty_value", "display_name"),
        (("display_name: 株式会社アクメ", 'display_name: ""'), "empty_value", "display_name"),
        (("display_name: 株式会社アクメ", "display_name: true"), "wrong_type", "display_name"),
        (("display_name: 株式会社アクメ", "display_name: [a]"), "wrong_type", "display_name"),
        (("refresh: {every: 3h}", "refresh: 3h"), "wrong_type", "refresh"),
        (("refresh: {every: 3h}", "refresh:"), "empty_value", "refresh"),
        (("{every: 3h}", "{every: 25h}"), "every_invalid", "refresh.every"),
        (("{every: 3h}", "{every: 0h}"), "every_invalid", "refresh.every"),
        (("{every: 3h}", "{every: 3}"), "every_invalid", "refresh.every"),
        (("{max_share: 20%}", "{max_share: 20}"), "percent_invalid", "api_budget.max_share"),
        (("{max_share: 20%}", "{max_share: 100.1%}"), "percent_invalid", "api_budget.max_share"),
        (("object: Opportunity", "object: Contact"), "value_not_allowed", "source.object"),
        (("to: amount", "to: Amount"), "to_invalid", "mapping[0].to"),
        (("to: amount", f"to: {'a' * 64}"), "to_invalid", "mapping[0].to"),
        (("from: Amount,", "from: Amount.,"), "path_invalid", "mapping[0].from"),
        (("from: Amount,", "from: A.B.C.D.E.F.G,"), "path_too_deep", "mapping[0].from"),
        (("from: Amount,", "from: \"x' OR Id != '\","), "path_invalid", "mapping[0].from"),
        (("label: 売上,", f"label: {'長' * 256},"), "too_long", "mapping[0].label"),
        (("Asia/Tokyo", "JST"), "time_zone_unknown", "time_zone"),
        (("Asia/Tokyo", "Asia"), "time_zone_unknown", "time_zone"),
        (("Asia/Tokyo", "../../etc/passwd"), "time_zone_unknown", "time_zone"),
        (("https://acme", "http://acme"), "org_url_invalid", "connection.org_url"),
        (
            ("acme.my.salesforce.com", "acme.my.salesforce.com/home"),
            "org_url_invalid",
            "connection.org_url",
        ),
        (
            ("acme.my.salesforce.com", "acme.lightning.force.com"),
            "org_url_not_my_domain",
            "connection.org_url",
        ),
        (
            ("acme.my.salesforce.com", "login.salesforce.com"),
            "org_url_not_my_domain",
            "connection.org_url",
        ),
        (("as: ContractInfo", "as: Owner"), "one_to_one_shadows", "source.one_to_one[0].as"),
        (
            ("object: Contract_Info__c", "object: 契約情報"),
            "api_name_invalid",
            "source.one_to_one[0].object",
        ),
        (("of: Account, ", ""), "missing_key", "source.one_to_one[0].of"),
        (
            ("of: Account, as: ContractInfo", "of: Account, as_: ContractInfo"),
            "unknown_key",
            "source.one_to_one[0].as_",
        ),
        (("tenant: acme", "tenant: acme2"), "tenant_is_not_file_name", "tenant"),
        (("tenant: acme", "tenant: Acme"), "tenant_invalid", "tenant"),
    ],
)
def test_each_mistake_has_its_own_problem(
    load_edited: LoadEdited, edit: tuple[str, str], code: str, path: str
) -> None:
    """One mistake in a file that is otherwise right, at its place."""
    loaded = load_edited(edit)
    found = errors(loaded)
    assert (code, path) in [(c, p) for c, p, _ in found]
    assert all(line is not None for _, _, line in found)
    extra = {c for c, _, _ in found} - {code}
    assert extra <= {"tenant_is_not_file_name"}, extra


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


def test_guard_and_budget_warn_that_nothing_enforces_them_yet(
    load: Load, contract_example: str
) -> None:
    """Who reads a limit in the file must not believe that it holds."""
    warned = [p.path for p in load(contract_example).problems if p.code == "not_enforced_yet"]
    assert warned == ["guard", "api_budget"]
    without = contract_example.split("guard:", maxsplit=1)[0]
    assert [p.code for p in load(without).problems] == []


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
    loaded = load_all(tmp_path)
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
        load_all(tmp_path / "nowhere")
    assert "nowhere" in raised.value.tried.ja
    (tmp_path / "tenants").mkdir()
    assert load_all(tmp_path) == ()


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
