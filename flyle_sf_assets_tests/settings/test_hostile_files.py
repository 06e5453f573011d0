"""Any text at all: problems, never an exception; and what loads, written out, loads equal."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from flyle_sf_assets.settings.json_schema import json_schema
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.settings.models import (
    AnyOf,
    Condition,
    Connection,
    DateLiteral,
    FieldMapping,
    Flow,
    FlyleType,
    OneToOne,
    Operator,
    SecretRef,
    Source,
    TenantSettings,
)
from flyle_sf_assets.settings.validation import validate
from flyle_sf_assets.settings.versions import diff, digest, document, from_document
from flyle_sf_assets.settings.yaml_reading import read_yaml
from flyle_sf_assets_tests.settings.written import to_yaml

EXAMPLE = (Path(__file__).parent / "contract_example.yaml").read_text("utf-8")
CANARY = "Sup3rS3cr3tValue"
SCHEMA: dict[str, Any] = json_schema()
KEYS = [key for part in (SCHEMA, *SCHEMA["$defs"].values()) for key in part.get("properties", {})]

plain = st.recursive(
    st.none() | st.booleans() | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=25,
)


def judged(content: bytes) -> None:
    """Loads the bytes as a file would be; errors and settings must exclude each other."""
    reading = read_yaml(content, "acme.yaml")
    if isinstance(reading.document, dict):
        result = validate(reading.document, unreadable=reading.unreadable)
        problems = (*reading.problems, *result.problems)
        assert all(p.code != "invalid_value" for p in problems), problems
        assert result.settings is not None or any(p.severity == "error" for p in problems)
    else:
        assert reading.problems


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_yield_problems(content: bytes) -> None:
    """A settings folder holds whatever people put there."""
    judged(content)


@given(st.text(alphabet="ab:-,[]{}&*!|>'\"%@`#?~<\n\t \\0\u3042", max_size=60))
@example("%YAML 1\n---\na")
@example("%TAG ! x\n---\n!a b")
@example("%TAG a\n---\n")
@example("a: !<")
@example("? ? ?")
@example("- - -\n - [")
@settings(deadline=None)
def test_any_punctuation_yields_problems(text: str) -> None:
    """Texts that look like YAML reach further into the parser than random bytes."""
    judged(text.encode())


@example('a: "\\UFFFFFFFF"')
@example('tenant: "\\uD800"\nplan: "\\0"')
@example("%YAML 1.0\n---\na: 1")
@given(st.text(alphabet='"\\uUxDF08%YAML. 1\n-:a!|', max_size=30))
@settings(deadline=None)
def test_any_escapes_and_directives_yield_problems(text: str) -> None:
    """The parser itself slips on some of these."""
    judged(text.encode())


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_edit_of_a_good_file_yields_problems_or_settings(data: st.DataObject) -> None:
    """Cut a piece out and put something else in, as typing does."""
    start = data.draw(st.integers(0, len(EXAMPLE)))
    end = data.draw(st.integers(start, min(len(EXAMPLE), start + 40)))
    put = data.draw(st.text(alphabet="ab:-,[]{}&*!'\"\n 1%", max_size=8))
    judged((EXAMPLE[:start] + put + EXAMPLE[end:]).encode())


@given(plain)
@settings(max_examples=300, deadline=None)
def test_any_document_is_judged_without_an_exception(whole: object) -> None:
    """The console sends documents too, without a file behind them."""
    result = validate(whole)
    assert (result.settings is None) == any(p.severity == "error" for p in result.problems)
    assert all(p.code != "invalid_value" for p in result.problems)


@given(st.data(), plain)
@settings(max_examples=200, deadline=None)
def test_no_problem_repeats_what_stands_in_the_connection(
    data: st.DataObject, junk: object
) -> None:
    """A secret pasted anywhere below ``connection``, as value or as key."""
    key = data.draw(
        st.sampled_from(
            ["consumer_key", "consumer_secret", "private_key", "username", "flow", CANARY]
        )
    )
    value = data.draw(
        st.sampled_from(
            [
                CANARY,
                [CANARY],
                {CANARY: junk},
                {"env": [CANARY]},
                {"env": f"{CANARY} "},
                {"file": f"-----BEGIN {CANARY}"},
                {"x": CANARY},
                {"env": "A", "file": CANARY},
            ]
        )
    )
    result = validate({"connection": {"org_url": junk, key: value}})
    assert CANARY not in repr(result.problems)


names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,10}", fullmatch=True)
paths = st.lists(names, min_size=1, max_size=6).map(".".join)
texts = st.text(
    st.characters(
        exclude_categories=("Cs", "Cc", "Co", "Cn", "Zl", "Zp"), exclude_characters="\ufeff"
    ),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip() != "")
scalars = texts | st.sampled_from(
    ["true", "null", "~", "1.10", "2024-01-31", "- a", "a: b", "<<", "=", "*x"]
)
dates = st.sampled_from(["TODAY", "LAST_N_DAYS:365"]).map(lambda d: DateLiteral(date=d))
conditions = st.one_of(
    st.builds(
        Condition, field=paths, op=st.just(Operator.EQ), value=scalars | st.booleans() | dates
    ),
    st.builds(
        Condition,
        field=paths,
        op=st.just(Operator.NOT_IN),
        value=st.lists(scalars, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(Condition, field=paths, op=st.just(Operator.IS_NULL)),
)
tenants = st.builds(
    TenantSettings,
    tenant=st.just("acme"),
    display_name=scalars,
    plan=st.just("professional"),
    time_zone=st.sampled_from(["Asia/Tokyo", "UTC", "America/New_York"]),
    connection=st.just(
        Connection(
            org_url="https://acme.my.salesforce.com",
            flow=Flow.JWT_BEARER,
            consumer_key=SecretRef(env="KEY"),
            username="a@b.example",
            private_key=SecretRef(file="/run/key"),
        )
    ),
    source=st.builds(
        Source,
        object=st.sampled_from(["Account", "Opportunity"]),
        one_to_one=st.lists(
            st.builds(OneToOne, object=names, lookup=names, of=names, as_=names.map("X{}".format)),
            max_size=2,
            unique_by=lambda extra: extra.as_.lower(),
        ).map(tuple),
        conditions=st.lists(
            conditions
            | st.builds(AnyOf, any=st.lists(conditions, min_size=1, max_size=3).map(tuple)),
            max_size=4,
        ).map(tuple),
    ),
    mapping=st.lists(
        st.builds(
            FieldMapping,
            from_=paths,
            to=st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
            label=scalars,
            type=st.none() | st.sampled_from(FlyleType),
            when_blank=st.sampled_from(["blank", "keep"]),
        ),
        max_size=4,
        unique_by=lambda mapping: mapping.to,
    ).map(tuple),
)


@given(tenants)
@settings(max_examples=80, deadline=None)
def test_settings_written_out_load_equal(asked: TenantSettings) -> None:
    """Also texts that YAML would read as booleans, dates, nulls or syntax."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "acme.yaml"
        path.write_text(to_yaml(asked), "utf-8")
        assert load_tenant(path).require() == asked
    assert from_document(document(asked)) == asked


@given(tenants, tenants, st.sets(st.sampled_from(["mapping", "source"])))
@settings(max_examples=100, deadline=None)
def test_the_diff_is_empty_exactly_when_the_digests_agree(
    one: TenantSettings, other: TenantSettings, taken: set[str]
) -> None:
    """`apply` must never register a version whose diff is empty, nor miss one."""
    mixed = one.model_copy(
        update={
            "mapping": other.mapping if "mapping" in taken else one.mapping[::-1],
            "source": other.source
            if "source" in taken
            else one.source.model_copy(update={"conditions": one.source.conditions[::-1] * 2}),
        }
    )
    assert (diff(one, mixed) == ()) == (digest(one) == digest(mixed))
    if not taken:
        assert digest(mixed) == digest(one)


def test_a_new_key_beside_a_secret_stays_hidden() -> None:
    """The canary test above must be able to fail: a shown place shows it."""
    result = validate({"display_name": "x", CANARY: 1})
    assert CANARY in repr(result.problems)
