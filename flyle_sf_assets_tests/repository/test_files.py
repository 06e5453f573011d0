"""What every file of the repository is held to."""

import ast
import re
from pathlib import Path

LINES_MAX = 350

# Written with classes of one character, so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:wor[k]|roo[t]|farm|hom[e]/\w+|Use[r]s/\w+)/\w")
REGISTRY = re.compile(
    r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|https?://[^\s\"]+[.](?:whl|tgz|tar[.]gz)"
    r"|--(?:extra-)?index-url\s+http|--find-links\s"
)


def _hits(files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{file}:{number}: {line.strip()[:120]}"
        for file in files
        for number, line in enumerate(_text(file).splitlines(), start=1)
        if pattern.search(line)
    ]


def _text(file: Path) -> str:
    content = file.read_bytes()
    return "" if b"\0" in content else content.decode()


def test_no_file_names_a_path_of_one_machine(own_files: list[Path]) -> None:
    """Such a path works for its author alone, and only until the next machine."""
    assert _hits(own_files, MACHINE_PATH) == []


def test_no_file_names_a_package_registry(own_files: list[Path]) -> None:
    """Locks are installed from whatever mirror a machine is set up with; hashes make that safe."""
    assert _hits(own_files, REGISTRY) == []


def test_python_files_stay_short_enough_to_be_one_thing(own_files: list[Path]) -> None:
    """A file past this length has been two rooms every time somebody looked."""
    long = {
        str(file): lines
        for file in own_files
        if file.suffix == ".py" and (lines := len(_text(file).splitlines())) > LINES_MAX
    }
    assert long == {}


def test_every_module_says_what_lives_in_it(own_files: list[Path], root: Path) -> None:
    """A stranger finds the place for a change from the docstrings, empty files included."""
    silent = [
        str(file.relative_to(root))
        for file in own_files
        if file.suffix == ".py" and not ast.get_docstring(ast.parse(_text(file)))
    ]
    assert silent == []
