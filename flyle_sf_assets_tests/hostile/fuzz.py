"""``make fuzz``: mutations of every kind and in every combination, for as long as one likes.

First each of the table, then combinations that Hypothesis draws and, when one fails, makes small.
What does not belong here: the few of every `make test` (``test_mutations.py``, ``test_fuzz.py``).
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import stamina
from hypothesis import HealthCheck, Phase, given, seed, settings

from flyle_sf_assets_tests.hostile.drawing import Drawn, drawn
from flyle_sf_assets_tests.hostile.ground import open_trial
from flyle_sf_assets_tests.hostile.mutations import every_mutation
from flyle_sf_assets_tests.hostile.trials import Trial, grouped
from flyle_sf_assets_tests.temporary import prefer_memory


def run_table(trial: Trial) -> list[str]:
    """Every mutation of the table, healed after each; what did not hold."""
    faults: list[str] = []
    for group in grouped(every_mutation(), 1):
        for mutation, command in group:
            faults += filter(None, [trial.fault_alone(mutation, command)])
            try:
                trial.heal()
            except Exception as error:  # noqa: BLE001 - told; the others go on
                faults.append(f"{mutation.name}: not healed: {error!r:.500}")
    return faults


def run_drawn(trial: Trial, examples: int, number: int) -> None:
    """Combinations by Hypothesis; raises what the smallest one that fails raises."""

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn())
    def prove(one: Drawn) -> None:
        trial.prove(*one)

    prove()


def main() -> int:
    """Runs both, and says the figures for docs/reliability.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-table", action="store_true", help="only the combinations")
    asked = parser.parse_args()
    prefer_memory()
    # Nobody reads what the product logs.
    told = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="flyle-fuzz-") as folder,
        stamina.set_testing(True, attempts=2, cap=True),
        open_trial(Path(folder)) as trial,
    ):
        faults = [] if asked.no_table else run_table(trial)
        print("\n".join(faults), f"{trial.met:,} alone, {len(faults)} failed", file=told)
        run_drawn(trial, asked.examples, asked.seed)
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{trial.met:,} commands, longest {trial.longest_s:.1f} s, peak {peak_mib:,} MiB,"
            f" {(time.monotonic() - started) / 60:.0f} min\nends: {dict(trial.codes)}",
            file=told,
        )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
