"""The files that the product comes with, beside its code: Dagster's settings, the demo's tenants.

There is one of each: a checkout has them at its top level, where people look for them, and a wheel
is built with the same files in the package (``pyproject.toml``, ``force-include``). An editable
installation has copies in site-packages as well, which nothing reads: its code is in the checkout.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_IN_A_WHEEL = _PACKAGE / "shipped"
_ROOT = _IN_A_WHEEL if _IN_A_WHEEL.is_dir() else _PACKAGE.parent

WORKSPACE = _ROOT / "workspace.yaml"
"""Tells Dagster where the definitions are."""

DAGSTER_YAML = _ROOT / "config" / "dagster.yaml"
"""Dagster's own settings, for an installation that has none in FLYLE_CONFIG_DIR."""

CELERY_DAGSTER_YAML = _ROOT / "config" / "deploy" / "celery" / "dagster.yaml"
"""The same for runs on Celery workers."""

DEMO_TENANTS = _ROOT / "config" / "demo" / "tenants"
"""The folder of the demo's settings files."""
