"""``flyle-sf dev``: the Dagster UI and the console over the tenants of the settings folder."""

from urllib.parse import urlsplit

from flyle_sf_assets.cli.opening import installation
from flyle_sf_assets.cli.servers.dagster_dev import dagster_ui
from flyle_sf_assets.cli.servers.serving import free_port, print_stopping, wait_for_interrupt
from flyle_sf_assets.cli.terminal.language import say
from flyle_sf_assets.cli.terminal.output import to_stdout


def run_dev() -> int:
    """The UI for the tenants in ``config/tenants``, until Ctrl-C."""
    from flyle_sf_assets.cli.applying import apply_opened, print_registrations
    from flyle_sf_assets.cli.servers.console import PORT, console_server, local_settings
    from flyle_sf_assets.cli.servers.signing_in import print_sign_in_links

    with installation() as opened:
        applied = apply_opened(opened)
        print_registrations(applied)
        console_port = free_port(PORT)
        log = opened.environment.home / "dagster-dev.log"
        with (
            dagster_ui(opened, log=log) as url,
            console_server(opened, port=console_port) as console_url,
        ):
            console = to_stdout()
            console.print(say(f"Dagsterのログ: {log}", f"Dagster's log: {log}"), soft_wrap=True)
            console.print(f"{say('設定コンソール', 'Console')}: {console_url}")
            console.print(f"Dagster UI: {url} {say('(Ctrl-C で停止)', '(Ctrl-C stops)')}")
            settings = local_settings(opened, urlsplit(console_url).port or console_port)
            tenants = [one.registration.tenant for one in applied if one.is_usable]
            print_sign_in_links(opened, settings, tenants)
            wait_for_interrupt()
            print_stopping()
    return 0
