"""Dagster's home of an installation and its ``dagster.yaml``; needs neither polars nor Dagster."""

import shutil
from pathlib import Path

from flyle_sf_assets import private_files
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.shipped import DAGSTER_YAML


def dagster_home(environment: Environment) -> Path:
    """The folder, made where it is missing; its file is the configured one, else the one shipped.

    A file that is the same already is not written.
    """
    home = environment.dagster_home
    private_files.make_folder(home)
    configured = environment.config_dir / "dagster.yaml"
    source = configured if configured.exists() else DAGSTER_YAML
    target = home / "dagster.yaml"
    if not target.exists() or target.read_bytes() != source.read_bytes():
        target.touch(mode=private_files.FILE_MODE)
        shutil.copyfile(source, target)
    return home
