"""Writes the table of cases and of open assumptions in docs/conformance.md from the docstrings.

Run as a script, it rewrites the two parts between their markers; the rest of the page is
written by hand. What does not belong here: running the cases.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)] if str(ROOT) not in sys.path else []

from flyle_sf_assets_tests.conformance.pages import page_cited  # noqa: E402 - needs the path

CASES = Path(__file__).parent
DOCUMENT = ROOT / "docs" / "conformance.md"
WRITING_FIXTURES = {"records", "cast"}
NO_CASES = {"test_case_table.py", "test_recorded.py", "test_selection.py"}
PARTS = ("cases", "assumptions")
BASES = {
    "documented": "a page of Salesforce says all of it",
    "recorded": "public recordings of real orgs show it",
    "assumed": "a part of it is in no page and no recording that we could read",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One case: ``needs`` is what it asks of the org ("reads", "writes", "sandbox only")."""

    file: str
    title: str
    name: str
    rule: str
    citations: tuple[str, ...]
    unverified: str
    needs: str
    reason: str
    recorded: tuple[str, ...] = ()

    @property
    def basis(self) -> str:
        """What the case rests on.

        ``recorded``: a public recording of a real org shows it. ``documented``: a page says all
        of it. ``assumed``: a part of it is in no page and no recording that we could read.
        """
        if self.recorded:
            return "recorded"
        return "documented" if self.citations and not self.unverified else "assumed"


def cases() -> list[Case]:
    """All cases of the suite, by file and place."""
    return [
        case
        for path in sorted(CASES.glob("test_*.py"))
        if path.name not in NO_CASES
        for case in _cases_of(path)
    ]


def _cases_of(path: Path) -> Iterator[Case]:
    module = ast.parse(path.read_text("utf-8"))
    title = (ast.get_docstring(module) or "").split("\n")[0].rstrip(".")
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield _case(path, title, node, _reason(node.decorator_list))
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    yield _case(path, title, method, _reason(node.decorator_list))


def _case(path: Path, title: str, node: ast.FunctionDef, reason: str) -> Case:
    paragraphs = (ast.get_docstring(node) or "").split("\n\n")
    notes = re.split(r"\n(?=Page: |Recorded: |Unverified: )", "\n".join(paragraphs[1:]).strip())
    texts = [" ".join(note.split()) for note in notes]
    fixtures = {argument.arg for argument in node.args.args}
    needs = "sandbox only" if reason else "writes" if fixtures & WRITING_FIXTURES else "reads"
    return Case(
        file=path.name,
        title=title,
        name=node.name.removeprefix("test_"),
        rule=" ".join(paragraphs[0].split()),
        citations=tuple(t.removeprefix("Page: ") for t in texts if t.startswith("Page: ")),
        unverified=" ".join(
            t.removeprefix("Unverified: ") for t in texts if t.startswith("Unverified: ")
        ),
        needs=needs,
        reason=reason,
        recorded=tuple(t.removeprefix("Recorded: ") for t in texts if t.startswith("Recorded: ")),
    )


def _reason(decorators: list[ast.expr]) -> str:
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("sandbox_only"):
            return str(ast.literal_eval(decorator.args[0]))
    return ""


def document(text: str) -> str:
    """The page with both generated parts brought up to date."""
    for name, part in zip(PARTS, (_case_part(), _assumption_part()), strict=True):
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        head, _, rest = text.partition(begin)
        _, _, tail = rest.partition(end)
        assert rest, f"no {begin}"
        assert tail, f"no {end}"
        text = f"{head}{begin}\n{part}\n{end}{tail}"
    return text


def _case_part() -> str:
    found = cases()
    reads, writes, only = (_count(found, needs) for needs in ("reads", "writes", "sandbox only"))
    lines = [f"{len(found)} cases: {reads} read, {writes} write, {only} run on a sandbox only."]
    counts = Counter(case.basis for case in found)
    lines += ["", "| basis | cases | what it means |", "|---|---|---|"]
    lines += [f"| {basis} | {counts[basis]} | {words} |" for basis, words in BASES.items()]
    file = ""
    for case in found:
        if case.file != file:
            file = case.file
            lines += ["", f"### {case.title}", "", f"`{file}`", ""]
            lines += ["| case | what Salesforce does | basis | source | needs |"]
            lines += ["|---|---|---|---|---|"]
        sources = [_repository(one) for one in case.recorded]
        sources += [_link(citation) for citation in case.citations]
        pages = "<br>".join(sources) or "none found"
        needs = f"{case.needs}: {case.reason}" if case.reason else case.needs
        lines.append(
            f"| `{case.name}` | {_cell(case.rule)} | {case.basis} | {pages} | {_cell(needs)} |"
        )
    return "\n".join(lines)


def _assumption_part() -> str:
    lines = ["| case | not confirmed |", "|---|---|"]
    lines += [f"| `{c.name}` | {_cell(c.unverified)} |" for c in cases() if c.unverified]
    return "\n".join(lines)


def _count(found: list[Case], needs: str) -> int:
    return sum(case.needs == needs for case in found)


def _link(citation: str) -> str:
    page = page_cited(citation)
    return f"[{page.guide}: {page.title}]({page.address})"


def _repository(source: str) -> str:
    return f"[{source}](https://github.com/{source})"


def _cell(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text("utf-8")), "utf-8")
