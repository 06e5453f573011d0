"""``python -m flyle_sf_assets.cli`` is ``flyle-sf``."""

from flyle_sf_assets.cli.main import main

main()
