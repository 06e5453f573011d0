"""Runs a command, and writes what it and the processes that it waited for cost, as JSON.

Started by ``python -I -S``, and a small process on purpose: Linux counts the memory of the process
that starts another into the other's peak. What the command says on stdout goes to a file, its
errors to another beside it: ``measured.py COST OUTPUT COMMAND...``
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    """Ends with 0 also when the command does not: its exit code is in the file."""
    cost, output, *command = sys.argv[1:]
    began = time.perf_counter()
    with Path(output).open("wb") as said, Path(f"{output}.errors").open("wb") as errors:
        process = subprocess.Popen(command, stdout=said, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
    found = {
        "cpu_s": used.ru_utime + used.ru_stime,
        "wall_s": time.perf_counter() - began,
        "peak_mib": used.ru_maxrss // 1024,
        "exit_code": os.waitstatus_to_exitcode(status),
    }
    Path(cost).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
