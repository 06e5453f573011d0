"""Which language a text is in, and what of a page is text of the product.

Data is not judged: it has no language of ours. In pages it stands in elements with
``translate="no"`` (HTML, 3.2.6.2: content that is not translated), in ``bdi``, ``code`` and
``time``; in sentences it stands between quotation marks.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import jinja2

PACKAGE = Path(__file__).parents[2] / "flyle_sf_assets"
TEMPLATES = PACKAGE / "console" / "templates"

NAMES = (
    "Consumer Key",
    "Consumer Secret",
    "External Client App",
    "Connected App",
    "Proof Key for Code Exchange",
    "Dagster UI",
    "Bulk API",
    "Salesforce API",
)
"""Names of other products' things, the same in every language."""

LABEL = "◇"
"""Stands for a label of an org or a custom field, in `Literal`."""

JAPANESE = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uff66-\uff9f]+")
_QUOTED = re.compile(r"「[^「」]*」|“[^“”]*”|\"[^\"]*\"")
_COMMANDS = re.compile(
    r"python -c '[^']*'|(?:flyle-sf|pip|psql|make)(?: [A-Za-z-]+)+|ALTER ROLE [\w ]+"
)
_ADDRESSES = re.compile(r"\b(?:https?|postgres(?:ql)?)://\S+|\S+@\S+|\S*(?:[/\\_=<>|{}]|\.\w)\S*")
_SENTENCE = re.compile(r"(?<![\w.-])[A-Za-z][a-z]*(?:['’][a-z]+)?(?: [A-Za-z][a-z]*(?:['’]\w+)?)+")
_JOINS = re.compile(r"。\s*。|(?<!\.)\.\s*\.(?!\.)|。\s*\.|\.\s*。")


def english_in(text: str) -> list[str]:
    """Latin sentences of a Japanese text: consecutive words of which one is no name."""
    for name in NAMES:
        text = text.replace(name, "□")
    text = _ADDRESSES.sub("□", _COMMANDS.sub("□", text))
    found = (match[0] for match in _SENTENCE.finditer(text))
    return [run for run in found if any(word.islower() for word in run.split())]


def japanese_in(text: str) -> list[str]:
    """Japanese letters of an English text."""
    return JAPANESE.findall(text)


def joined_wrongly(text: str) -> list[str]:
    """Two full stops where one sentence ends."""
    return _JOINS.findall(text)


def faults_of(text: str, language: str) -> list[str]:
    """What a text of the product must not have; parts between quotation marks are data."""
    own = _QUOTED.sub("□", text)
    wrong = english_in(own) if language == "ja" else japanese_in(own)
    return wrong + joined_wrongly(text)


@dataclass(frozen=True)
class Literal:
    """A text that stands in both languages in the source; placeholders are ``□``."""

    place: str
    ja: str
    en: str
    use: str = ""
    """The name of the argument, variable or function that it is for."""


def literals_of_code() -> Iterator[Literal]:
    """Every ``Text(ja, en)`` and ``t(ja, en)`` of the package's Python files."""
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        uses = dict(_uses(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in ("Text", "t", "Unwritable"):
                texts = [_written(one) for one in node.args]
                if len(texts) == 2 and texts[0] is not None and texts[1] is not None:
                    place = f"{file.relative_to(PACKAGE)}:{node.lineno}"
                    yield Literal(place, texts[0], texts[1], uses.get(node, ""))


def literals_of_templates() -> Iterator[Literal]:
    """Every ``t(ja, en)`` of the templates, also where the texts are filled in afterwards."""
    environment = jinja2.Environment(autoescape=True)
    for file in sorted(TEMPLATES.rglob("*.html")):
        tree = environment.parse(file.read_text("utf-8"))
        for call in tree.find_all(jinja2.nodes.Call):
            if isinstance(call.node, jinja2.nodes.Name) and call.node.name == "t":
                first, second = (" ".join(_constants(arg)) for arg in call.args)
                yield Literal(f"{file.relative_to(TEMPLATES)}:{call.lineno}", first, second)


def _constants(node: jinja2.nodes.Node) -> Iterator[str]:
    found = [node] if isinstance(node, jinja2.nodes.Const) else node.find_all(jinja2.nodes.Const)
    for one in found:
        if isinstance(one.value, str):
            yield one.value.replace("%s", "□")


def _uses(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """By node: the name of what it is passed, assigned or returned as."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword):
            yield node.value, node.arg or ""
        elif isinstance(node, ast.Assign):
            yield node.value, _name(node.targets[0])
        elif isinstance(node, ast.FunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield inner.value, node.name


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _written(node: ast.expr) -> str | None:
    """The literal, with ``□`` for what is filled in; None for a variable."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.FormattedValue):
        return LABEL if ast.unparse(node.value).endswith(".label") else "□"
    if isinstance(node, ast.JoinedStr):
        return "".join(_written(one) or "" for one in node.values)
    if isinstance(node, ast.BinOp):
        return (_written(node.left) or "□") + (_written(node.right) or "□")
    return None


class _Texts(HTMLParser):
    """The texts of a page that a person reads or hears, without data."""

    ATTRIBUTES = ("aria-label", "title", "placeholder", "data-done", "data-failed", "alt")
    SILENT = ("script", "style", "code", "time", "bdi")
    VOID = ("area", "br", "col", "hr", "img", "input", "link", "meta", "wbr")
    BREAKS = ("p", "li", "dt", "dd", "td", "th", "h1", "h2", "h3", "label", "option", "div", "br")

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = [""]
        self._open: list[tuple[str, bool]] = []

    @property
    def _is_data(self) -> bool:
        return any(is_data for _, is_data in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Data begins where ``translate="no"`` does, and where the page names the language."""
        given = dict(attrs)
        is_other = tag != "html" and "lang" in given
        is_data = given.get("translate") == "no" or tag in self.SILENT or is_other
        if tag in self.BREAKS:
            self.texts.append("")
        if not (self._is_data or is_data):
            said = [given[name] or "" for name in self.ATTRIBUTES if name in given]
            # An attribute cannot mark a part of it: what follows a colon is a name.
            self.texts += [text.partition(": ")[0] for text in said]
            self.texts.append("")
        elif is_data and not self._is_data:
            self.texts[-1] += "□"
        if tag not in self.VOID:
            self._open.append((tag, is_data))

    def handle_endtag(self, tag: str) -> None:
        """Elements are closed in their order; ``p`` and ``li`` may be left open."""
        while self._open and self._open.pop()[0] != tag:
            pass
        if tag in self.BREAKS:
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        """A text between two tags."""
        if not self._is_data:
            self.texts[-1] += " ".join(data.split(" "))


def texts_of_page(html: str) -> list[str]:
    """The product's own texts on a page: what stands in elements, and what attributes say."""
    parser = _Texts()
    parser.feed(html)
    return [" ".join(text.split()) for text in parser.texts if text.strip()]


def faults_of_page(html: str, language: str) -> list[str]:
    """Texts of a page with words of the other language."""
    return [
        f"{fault!r} in {text!r}"
        for text in texts_of_page(html)
        for fault in faults_of(text, language)
    ]


def banners_of(html: str) -> int:
    """How many banners a page shows; those inside a closed ``details`` are not shown."""
    shown = re.sub(r"<details(?![^>]* open).*?</details>", "", html, flags=re.DOTALL)
    return len(re.findall(r'<(?:section|p|div) class="note\b', shown))
