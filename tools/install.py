"""Installs one lock file, and this package, into the environment that runs this script.

uv does it when it can; pip, which is slower but knows every setting of the user's pip
configuration, does it otherwise. Both refuse anything whose hash is not in the lock.
It runs before any dependency is there, so it uses the standard library alone.

What does not belong here: finding a Python and making the environment (``find-python.sh``,
``Makefile``).
"""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq")
UV = (sys.executable, "-m", "uv", "--quiet", "--no-progress")
UV_LOCK = "requirements-uv.lock"
PIP_SECTIONS = ("global", "install", ":env:")
"""Of pip's configuration; each is stronger than the one before."""


def main() -> int:
    """Installs the lock named by the only argument; returns the exit code."""
    [lock] = sys.argv[1:]
    environment = os.environ | uv_settings(pip_settings(), os.environ)
    if not (_uv_is_here(environment) and _run([*UV, "pip", "sync", *_uv(lock)], environment)):
        print(
            "uv could not install; pip does it now, which takes longer.\n"
            "uv でインストールできないため、pip で続けます（時間がかかります）。",
            file=sys.stderr,
        )
        if not _run([*PIP, "install", "--require-hashes", "--requirement", lock], os.environ):
            return 1
    # What builds the package is in the lock, so nothing is fetched here.
    package = ["install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", "."]
    return 0 if _run([*PIP, *package], os.environ) else 1


def pip_settings() -> dict[str, str]:
    """The user's pip configuration, ``index-url`` and so on; the environment wins over files."""
    # Not quietly: pip counts its answer among what it keeps to itself then.
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    sections: dict[str, dict[str, str]] = {section: {} for section in PIP_SECTIONS}
    for line in listed.splitlines():
        name, is_set, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if is_set and section in sections:
            sections[section][key] = str(
                ast.literal_eval(value)
            )  # pip lists the stronger file later
    return {key: value for each in sections.values() for key, value in each.items()}


def uv_settings(pip: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The environment by which uv looks where pip would; what is set for uv already stays.

    Any index may serve any package: the lock's hashes decide what is installed. pip trusts what
    the system trusts; uv does so only when told.
    """
    wanted = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_SYSTEM_CERTS": "true",
        "SSL_CERT_FILE": pip.get("cert", ""),
    }
    return {name: value for name, value in wanted.items() if value and not environment.get(name)}


def _uv_is_here(environment: Mapping[str, str]) -> bool:
    return _run(
        [*PIP, "install", "--require-hashes", "--no-deps", "--requirement", UV_LOCK], environment
    )


def _uv(lock: str) -> list[str]:
    return ["--python", sys.executable, "--require-hashes", "--compile-bytecode", lock]


def _run(command: list[str], environment: Mapping[str, str]) -> bool:
    return subprocess.run(command, env=dict(environment), check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
