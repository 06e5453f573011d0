"""Opens what a command works with: the environment, the databases, one tenant's file."""

from collections.abc import Iterator
from contextlib import contextmanager

from flyle_sf_assets import garbage
from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation, open_installation
from flyle_sf_assets.settings.loading import Loaded, load_tenant, settings_file, tenants_of_files


@contextmanager
def installation() -> Iterator[Installation]:
    """The installation that ``FLYLE_*`` names, with its databases started."""
    with open_installation(Environment.from_environment()) as opened:
        garbage.end_loading()
        yield opened


def tenant_file(environment: Environment, tenant: str) -> Loaded | None:
    """The tenant's settings file as loaded, None when there is no file."""
    path = settings_file(environment.config_dir, tenant)
    return None if path is None else load_tenant(path, environment.sf_extra_hosts)


def required_file(environment: Environment, tenant: str) -> Loaded:
    """The tenant's settings file; raises NotConnected naming the existing files."""
    loaded = tenant_file(environment, tenant)
    if loaded is not None:
        return loaded
    folder = environment.config_dir / "tenants"
    known = ", ".join(tenants_of_files(environment.config_dir)) or "none"
    raise NotConnected(
        "unknown_tenant",
        tried=Text(
            f"{folder} でテナント {tenant} の設定を見つけようとしました",
            f"Tried to find the settings of {tenant} in {folder}",
        ),
        came_back=Text(
            f"{tenant}.yaml がありません。登録済みのテナント: {known}",
            f"There is no {tenant}.yaml. Known tenants: {known}",
        ),
        remedy=Text(
            f"{tenant}.yaml を用意するか、テナント名を確認してください",
            f"Write {tenant}.yaml, or check the tenant's name",
        ),
    )
