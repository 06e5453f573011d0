"""README, CHANGELOG, CONTRIBUTING and docs against what is there."""

import re
import subprocess
from pathlib import Path

import pytest

from flyle_sf_assets import errors

READMES = ("README.md", "README.ja.md")
REFERENCES = ("docs/reference.md", "docs/reference.ja.md")
README_WORDS_MAX = 900
CODE = re.compile(r"```[^\n]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)


def _code(text: str) -> str:
    """Everything that a document sets as code, one piece a line."""
    return "\n".join(block or span for block, span in CODE.findall(text))


def _documents(root: Path) -> list[Path]:
    return [*root.glob("*.md"), *(root / "docs").rglob("*.md")]


def test_make_targets_named_in_documents_exist(root: Path, make_targets: set[str]) -> None:
    """A quick start that fails at its first line is the first thing that a newcomer sees."""
    named = {
        target
        for document in _documents(root)
        for target in re.findall(r"^make ([a-z][a-z-]*)", _code(document.read_text()), re.MULTILINE)
    }
    assert named <= make_targets
    assert {"demo", "test"} <= named


def test_commands_named_in_documents_exist(root: Path, commands: set[str]) -> None:
    """The same for ``flyle-sf``."""
    words = {command.split()[0] for command in commands}
    named = {
        command
        for document in _documents(root)
        for command in re.findall(r"\bflyle-sf ([a-z][a-z-]+)", _code(document.read_text()))
    }
    assert named <= words


def test_the_readme_is_read_in_five_minutes(root: Path) -> None:
    """What is looked up stands in docs/."""
    assert len((root / "README.md").read_text().split()) <= README_WORDS_MAX


@pytest.mark.parametrize("reference", REFERENCES)
def test_every_command_is_in_the_reference(root: Path, commands: set[str], reference: str) -> None:
    """A command that is not written down is found by nobody."""
    code = _code((root / reference).read_text())
    assert {command for command in commands if f"flyle-sf {command}" not in code} == set()


@pytest.mark.parametrize("reference", REFERENCES)
def test_the_reference_names_the_commands_with_json(
    root: Path, options_of_commands: dict[str, set[str]], reference: str
) -> None:
    """A script that parses the output has to know which commands have one object on stdout."""
    text = " ".join((root / reference).read_text().split())
    listed = re.search(r"`--json` on ([a-z, -]+) prints|([a-z、 -]+) に `--json` を付けると", text)
    assert listed
    named = re.split(r", | and |、 ?", (listed[1] or listed[2]).strip())
    assert sorted(named) == sorted(
        name for name, options in options_of_commands.items() if "--json" in options
    )


@pytest.mark.parametrize(
    ("reference", "listed"),
    [
        ("docs/reference.md", r"Exit codes: (.*?)\."),
        ("docs/reference.ja.md", r"終了コードは、(.*?)です。"),
    ],
)
def test_the_reference_names_every_exit_code(root: Path, reference: str, listed: str) -> None:
    """0 and 130, by which shells know Ctrl-C, are no errors of ours."""
    text = " ".join((root / reference).read_text().split())
    found = re.search(listed, text)
    assert found
    codes = re.findall(r"\d+", re.sub(r"（.*?）", "", found[1]))
    assert list(map(int, codes)) == sorted({0, 130, *_exit_codes().values()})


def test_the_tree_of_errors_names_their_exit_codes() -> None:
    """The docstring is what a person reads who looks for a code."""
    named = dict(re.findall(r"[├└]── (\w+) +exit (\d)", errors.__doc__ or ""))
    known = _exit_codes()
    assert {name: int(code) for name, code in named.items()} == {
        name: known[name] for name in named
    }
    assert set(known.values()) <= set(map(int, named.values()))


def _exit_codes() -> dict[str, int]:
    """By name: the exit code of every error of the product."""
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    return {kind.__name__: kind.exit_code for kind in kinds if issubclass(kind, errors.FlyleError)}


def test_make_help_lists_every_target(root: Path, make_targets: set[str]) -> None:
    """``make`` alone must be enough to find one's way."""
    shown = subprocess.run(
        ["make", "help"],  # noqa: S607 - make from PATH, as a person calls it
        cwd=root,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert set(re.findall(r"^  make ([a-z-]+)", shown, flags=re.MULTILINE)) == make_targets


@pytest.mark.parametrize("reference", REFERENCES)
def test_the_environment_table_is_what_the_code_reads(root: Path, reference: str) -> None:
    """A variable that is documented but not read fails silently; one that is only read is magic."""
    read = {
        name
        for file in (root / "flyle_sf_assets").rglob("*.py")
        for name in re.findall(r"[\"'](FLYLE_[A-Z_]+)[\"']", file.read_text())
    }
    table = re.findall(
        r"^\| `(FLYLE_[A-Z_]+)` \|", (root / reference).read_text(), flags=re.MULTILINE
    )
    assert set(table) == read


@pytest.mark.parametrize("pair", [READMES, REFERENCES], ids=" ".join)
def test_both_languages_tell_the_same(root: Path, pair: tuple[str, str]) -> None:
    """The Japanese one is not a summary: same sections, same commands, in the same order."""
    english, japanese = ((root / name).read_text() for name in pair)
    assert re.findall(r"^(#+) ", japanese, re.MULTILINE) == re.findall(
        r"^(#+) ", english, re.MULTILINE
    )
    first_words = re.compile(r"^(?:make|flyle-sf|git|sudo|export) .*?(?=\s*#|$)", re.MULTILINE)
    assert first_words.findall(_code(japanese)) == first_words.findall(_code(english))


def test_the_changelog_starts_with_what_is_not_released_yet(root: Path) -> None:
    """Every change for users is noted when it is made, not when a release is cut."""
    sections = re.findall(r"^## (.*)$", (root / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert sections[0] == "[Unreleased]"


def test_links_between_documents_lead_somewhere(root: Path) -> None:
    """Files move; links to them do not follow by themselves."""
    broken = [
        f"{document.relative_to(root)}: {target}"
        for document in _documents(root)
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_decisions_are_numbered_without_gaps_and_listed(root: Path) -> None:
    """Each record gives its decision, reason and consequence, and stands in the index."""
    records = sorted((root / "docs" / "adr").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    index = (root / "docs" / "index.md").read_text()
    for record in records:
        headings = re.findall(r"^## (.*)$", record.read_text(), flags=re.MULTILINE)
        assert headings == ["Decision", "Why", "Consequences"], record.name
        assert record.name in index
