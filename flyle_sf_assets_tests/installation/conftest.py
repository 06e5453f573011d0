"""Tenants of the whole-sync tests, for rules of single steps that need an org behind them."""

from flyle_sf_assets_tests.flows.conftest import (
    _no_waiting,
    _own_environment,
    acme,
    globex,
    installation,
    link,
    server,
)

__all__ = [
    "_no_waiting",
    "_own_environment",
    "acme",
    "globex",
    "installation",
    "link",
    "server",
]
