"""``flyle-sf dev``: the Dagster UI and the console over the tenants of the settings folder."""

from flyle_sf_assets.cli.dagster_dev import UI_PORT, dagster_ui
from flyle_sf_assets.cli.opening import installation
from flyle_sf_assets.cli.output import to_stdout
from flyle_sf_assets.cli.serving import free_port, wait_for_interrupt


def run_dev() -> int:
    """The UI for the tenants in ``config/tenants``, until Ctrl-C."""
    from flyle_sf_assets.cli.applying import apply_opened, print_registrations
    from flyle_sf_assets.cli.console import PORT, console_server

    with installation() as opened:
        print_registrations(apply_opened(opened))
        with (
            dagster_ui(opened, port=free_port(UI_PORT)) as url,
            console_server(opened, port=free_port(PORT)) as console_url,
        ):
            to_stdout().print(f"Console: {console_url}")
            to_stdout().print(f"Dagster UI: {url} (Ctrl-C stops)")
            wait_for_interrupt()
    return 0
