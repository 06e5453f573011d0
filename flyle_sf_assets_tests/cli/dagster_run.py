"""A sync of the assets in Dagster with its own logs on disk; run as a script.

What does not belong here: looking at what it leaves behind (``test_private_files.py``).
"""

from dagster import DagsterInstance
from dagster._core.instance.ref import InstanceRef

from flyle_sf_assets.cli.opening import installation
from flyle_sf_assets.cli.syncing.command import register_file
from flyle_sf_assets.cli.syncing.dagster_run import refresh_in_process
from flyle_sf_assets.defs.instance import prepare_home


def main() -> None:
    """As Dagster's run worker does it, compute logs included, in this environment."""
    with installation() as opened:
        register_file(opened, "acme")
        reference = InstanceRef.from_dir(str(prepare_home(opened)))
        with DagsterInstance.from_ref(reference) as instance:
            outcome = refresh_in_process(opened, instance, "acme", show_progress=False)
        outcome.print()
        assert outcome.exit_code == 0


if __name__ == "__main__":
    main()
