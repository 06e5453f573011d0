"""``python -m flyle_sf_assets.cli`` is ``flyle-sf``."""

from flyle_sf_assets.cli.entry import main

main()
