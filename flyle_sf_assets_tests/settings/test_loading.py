"""Settings files: what is accepted, and every problem at once with file, line, value, remedy."""

from pathlib import Path

import pytest

from flyle_sf_assets.errors import SettingsInvalid
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.settings.models import (
    AnyOf,
    Condition,
    DateLiteral,
    FlyleType,
    Operator,
)
from flyle_sf_assets_tests.settings.files import (
    Load,
    LoadEdited,
    conditions_with,
    errors,
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
