"""The scripts that make uses before anything is installed."""

import json
import subprocess
from pathlib import Path

import pytest

from tools.audit import read
from tools.install import pip_settings, uv_settings


def _find_python(root: Path, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "tools/find-python.sh"],
        cwd=root,
        env={"PATH": str(path)},
        capture_output=True,
        check=False,
        text=True,
    )


def _put(folder: Path, name: str, script: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    target.write_text(f"#!/bin/sh\n{script}\n")
    target.chmod(0o755)


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH with a shell's minimum and no Python; its name has a space."""
    folder = tmp_path / "some bin"
    folder.mkdir()
    (folder / "cat").symlink_to("/bin/cat")
    return folder


def test_a_python_that_only_prints_an_error_is_passed_over(root: Path, bare_path: Path) -> None:
    """pyenv leaves ``python3.13`` on PATH for a version that is not switched on: it exits 127."""
    _put(bare_path, "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    _put(bare_path, "python3", 'case "$*" in *print*) echo /chosen/python ;; esac')
    found = _find_python(root, bare_path)
    assert (found.returncode, found.stdout) == (0, "/chosen/python\n")


def test_without_a_python_both_languages_say_what_to_do(root: Path, bare_path: Path) -> None:
    """Anyone who has no Python sees this and nothing else of the product."""
    found = _find_python(root, bare_path)
    assert (found.returncode, found.stdout) == (1, "")
    assert "No Python 3.11 or newer was found" in found.stderr
    assert "Python 3.11 以上が見つかりません" in found.stderr


def test_a_python_without_venv_names_the_package_to_install(root: Path, bare_path: Path) -> None:
    """Debian's python3 comes without ensurepip; its own message comes only halfway through."""
    _put(
        bare_path,
        "python3",
        'case "$*" in *ensurepip*) exit 1 ;; *print*) echo 3.12 ;; esac',
    )
    found = _find_python(root, bare_path)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.count("sudo apt-get install python3.12-venv") == 2


def test_uv_looks_where_pip_would() -> None:
    """Behind a company's mirror only pip is set up; uv alone would time out on the public index."""
    pip = {
        "index-url": "https://mirror.example/simple",
        "extra-index-url": "https://a.example\nhttps://b.example",
        "cert": "/etc/ssl/company.pem",
    }
    assert uv_settings(pip, {}) == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://a.example https://b.example",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_SYSTEM_CERTS": "true",
        "SSL_CERT_FILE": "/etc/ssl/company.pem",
    }


def test_pips_configuration_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked with -qq, pip said nothing: uv never learned of a company's certificate or mirror."""
    configuration = tmp_path / "pip.conf"
    configuration.write_text(
        "[install]\ncert = /etc/ssl/company.pem\n"
        "[global]\ncert = /etc/ssl/other.pem\nindex-url = https://file.example/simple\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PIP_INDEX_URL", "https://environment.example/simple")
    monkeypatch.delenv("PIP_CERT", raising=False)
    settings = pip_settings()
    assert settings["cert"] == "/etc/ssl/company.pem"
    assert settings["index-url"] == "https://environment.example/simple"


def test_what_is_set_for_uv_itself_stays() -> None:
    """Someone who set uv up knows better than pip's configuration."""
    settings = uv_settings(
        {"index-url": "https://mirror.example/simple"},
        {"UV_DEFAULT_INDEX": "https://own.example/simple", "SSL_CERT_FILE": ""},
    )
    assert "UV_DEFAULT_INDEX" not in settings


def test_a_known_vulnerability_is_named_with_the_version_that_ends_it() -> None:
    report = {
        "dependencies": [
            {
                "name": "ours",
                "version": "1.0",
                "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "description": ""}],
            },
            {"name": "fine", "version": "2.0", "vulns": []},
            {"name": "unknown", "version": "3.0", "skip_reason": "not found on the index"},
        ],
        "fixes": [],
    }
    audit = read(json.dumps(report))
    assert audit.vulnerabilities == ("ours 1.0: PYSEC-2026-1, fixed in 1.1",)
    assert (audit.answered, audit.unanswered) == (2, 1)


def test_no_report_at_all_is_no_clean_report() -> None:
    """Without a network pip-audit prints nothing on stdout."""
    with pytest.raises(json.JSONDecodeError):
        read("")
