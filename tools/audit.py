"""Asks whether a locked dependency has a known vulnerability.

Fails when there is one. Where nobody can be asked (no network, or a package index without
advisories) it says so and passes: lint must also work without a network.

What does not belong here: choosing other versions (``make lock UPGRADE=1``).
"""

import json
import subprocess
import sys
from dataclasses import dataclass

COMMAND = (
    *(sys.executable, "-m", "pip_audit", "--requirement", "requirements.lock"),
    *("--require-hashes", "--disable-pip", "--format", "json"),
    *("--progress-spinner", "off", "--timeout", "5"),
)
ASKING_S = 60
"""After this long the answer is not waited for."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found: a line per vulnerability, and how many packages nobody could answer for."""

    vulnerabilities: tuple[str, ...]
    unanswered: int
    answered: int


def main() -> int:
    """Prints what is known; returns 1 when a locked version has a known vulnerability."""
    try:
        ended = subprocess.run(
            COMMAND, capture_output=True, text=True, check=False, timeout=ASKING_S
        )
        audit = read(ended.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        audit = Audit((), 0, 0)
    if not audit.answered:
        print("pip-audit: nobody could be asked about vulnerabilities; passed over.")
    elif audit.unanswered:
        print(f"pip-audit: nothing is known of {audit.unanswered} packages.")
    for line in audit.vulnerabilities:
        print(f"pip-audit: {line}", file=sys.stderr)
    return 1 if audit.vulnerabilities else 0


def read(report: str) -> Audit:
    """What pip-audit's JSON report says.

    Raises json.JSONDecodeError for anything else, an empty answer for instance.
    """
    packages = json.loads(report)["dependencies"]
    answered = [package for package in packages if "skip_reason" not in package]
    found = [
        f"{package['name']} {package['version']}: {one['id']}, "
        f"fixed in {', '.join(one['fix_versions']) or 'no version yet'}"
        for package in answered
        for one in package["vulns"]
    ]
    return Audit(tuple(found), len(packages) - len(answered), len(answered))


if __name__ == "__main__":
    sys.exit(main())
