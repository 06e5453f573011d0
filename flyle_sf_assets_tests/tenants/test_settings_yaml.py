"""Settings written as a file mean the same when they are read again."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import document, from_document
from flyle_sf_assets.tenants.settings_yaml import yaml_text
from flyle_sf_assets_tests.settings.conftest import CONTRACT_EXAMPLE

TEXTS = st.one_of(
    st.sampled_from(
        [
            "true",
            "no",
            "1e3",
            "007",
            "1.10",
            "2024-01-31",
            "~",
            "null",
            "a: b",
            "- x",
            "#",
            "'",
            '"',
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20),
)


def _read(text: str, folder: Path) -> TenantSettings:
    file = folder / "acme.yaml"
    file.write_text(text, encoding="utf-8")
    return load_tenant(file).require()


def test_the_contracts_example_comes_back_equal(tmp_path: Path) -> None:
    settings = _read(CONTRACT_EXAMPLE, tmp_path)
    text = yaml_text(settings, comment="version 3 of\n2026")
    assert document(_read(text, tmp_path)) == document(settings)
    assert text.startswith("# version 3 of 2026\n")
    assert "  - {from: Amount, to: amount, label: 売上, type: number}\n" in text


@example(label="?0", value="?0", listed=["?0", "a: b", "- x", "a #b"], is_on=True)
@example(label="x:y", value="{a}", listed=["[", "a,b", "!x", "&x", "*x", "|", "%"], is_on=False)
@given(
    label=TEXTS, value=TEXTS, listed=st.lists(TEXTS, min_size=1, max_size=3), is_on=st.booleans()
)
def test_texts_that_yaml_would_take_for_something_else_stay_texts(
    tmp_path_factory: pytest.TempPathFactory,
    label: str,
    value: str,
    listed: list[str],
    *,
    is_on: bool,
) -> None:
    """``true`` in quotes is text, and a checkbox's value is not."""
    settings = _settings(label, value, listed, is_on=is_on)
    file = tmp_path_factory.mktemp("yaml") / "acme.yaml"
    file.write_text(yaml_text(settings), encoding="utf-8")
    loaded = load_tenant(file)
    assert loaded.settings == settings, loaded.problems


def _settings(label: str, value: str, listed: list[str], *, is_on: bool) -> TenantSettings:
    return from_document(
        {
            "tenant": "acme",
            "display_name": label,
            "plan": "enterprise",
            "connection": {"org_url": "https://acme.my.salesforce.com", "flow": "web_server"},
            "source": {
                "object": "Account",
                "conditions": [
                    {"field": "Name", "op": "eq", "value": value},
                    {"field": "Name", "op": "in", "value": list(listed)},
                    {"any": [{"field": "Active__c", "op": "eq", "value": is_on}]},
                ],
            },
            "mapping": [{"from": "Name", "to": "name", "label": label}],
        }
    )
