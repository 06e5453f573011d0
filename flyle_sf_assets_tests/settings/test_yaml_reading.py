"""YAML as people break it: each fault with its code and line, and nothing of the file repeated."""

import pytest

from flyle_sf_assets.settings.yaml_reading import read_yaml


def faults(text: str) -> list[tuple[str, int | None]]:
    """Code and line of every fault."""
    return [(p.code, p.line) for p in read_yaml(text.encode(), "acme.yaml").problems]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "empty_file", None),
        ("# only a comment\n", "empty_file", None),
        ("~", "empty_file", None),
        ("- a\n- b", "not_a_mapping", 1),
        ("just text", "not_a_mapping", 1),
        ("a: 1\n---\nb: 2", "several_documents", 2),
        ("a: 1\nb:\n\tc: 1", "tab", 3),
        ("a: 1\nb: 'open", "yaml_syntax", 2),
        ("a: [1, 2", "yaml_syntax", 1),
        ("a: b: c", "yaml_syntax", 1),
        ("a: 1\n b: 2", "yaml_syntax", 2),
        ("a: @x", "yaml_syntax", 1),
        ('a: "\\q"', "yaml_syntax", 1),
        ("- a\nb: 1", "yaml_syntax", 2),
        ("%YAML 9.9\n---\na: 1", "yaml_syntax", 1),
        ("a: 1\nb: \x07", "control_character", 2),
        ("a: 1\na: 2", "duplicate_key", 2),
        ("x: &base 1", "anchor", 1),
        ("x: *base", "alias", 1),
        ("x:\n  <<: {a: 1}", "merge_key", 2),
        ("x: !!int 5", "tag", 1),
        ("x: !secret 5", "tag", 1),
        ("? [a, b]\n: 1", "key_not_text", 1),
        ("? {a: {b: c}}\n: {d: e}", "key_not_text", 1),
        (f"x: {'[' * 40}{']' * 40}", "nested_too_deep", 1),
        ("x: " + "y" * 1_000_001, "file_too_large", None),
    ],
)
def test_each_fault_has_its_code_and_line(text: str, code: str, line: int | None) -> None:
    """The first thing a person needs is the line."""
    assert faults(text) == [(code, line)]


def test_what_is_not_utf8_is_told_with_its_line() -> None:
    """Settings saved as Shift_JIS by an old editor."""
    reading = read_yaml("tenant: acme\ndisplay_name: 株式会社".encode("shift_jis"), "acme.yaml")
    assert [(p.code, p.line) for p in reading.problems] == [("not_utf8", 2)]
    assert reading.document is None


def test_faults_of_structure_are_all_told_and_the_rest_is_read() -> None:
    """One refused value must not hide what is wrong elsewhere."""
    text = "a: *x\nb: {c: 1, c: 2}\n? [k]\n: {gone: 1}\nd: [1, *y]\ne: kept\n"
    reading = read_yaml(text.encode(), "acme.yaml")
    assert [(p.code, p.line) for p in reading.problems] == [
        ("alias", 1),
        ("duplicate_key", 2),
        ("key_not_text", 3),
        ("alias", 5),
    ]
    assert reading.document == {"a": None, "b": {"c": "1"}, "d": ["1", None], "e": "kept"}
    assert reading.unreadable == {"a", "d[1]"}


def test_a_thousand_levels_of_aliases_do_no_harm() -> None:
    """The "billion laughs" file: aliases are refused, never expanded."""
    lines = [
        "a0: &a0 [x]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)),
    ]
    reading = read_yaml("\n".join(lines).encode(), "acme.yaml")
    assert len(reading.problems) == 9 + 8 * 9
    assert {p.code for p in reading.problems} == {"anchor", "alias"}


def test_no_fault_repeats_the_file() -> None:
    """A file that cannot be parsed may hold a secret anywhere."""
    broken = ["{x}: '", "*{x}", "&{x} {x}", "!{x} {x}", "[{x}", "{x}: {x}: {x}", "@{x}", "%{x}"]
    for text in (line.replace("{x}", "Sup3rS3cr3tValue") for line in broken):
        for problem in read_yaml(text.encode(), "acme.yaml").problems:
            assert "Sup3rS3cr3tValue" not in repr(problem)
