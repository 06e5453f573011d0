"""Where ``flyle-sf`` begins.

The command line is loaded after the process is set up, because loading is most of what a short
command costs.
"""

import sys

from flyle_sf_assets import garbage, private_files


def main() -> None:
    """The console script."""
    private_files.create_privately()
    garbage.begin_loading()
    from flyle_sf_assets.cli.command_line import run

    sys.exit(run(sys.argv[1:]))
