"""``flyle-sf sandbox``: the sandbox org as a server of its own, and a block to paste for it."""

import shlex
import sys

from flyle_sf_assets.cli.servers.serving import free_port
from flyle_sf_assets.cli.terminal.language import say
from flyle_sf_assets.cli.terminal.output import to_stdout
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.sandbox.serving import serve

CHANGE_EVERY_S = 10.0
PORT = 3443
"""Taken when it is free: then the settings file stays right from one start to the next."""

TENANT = "acme"
SETTINGS = """\
tenant: acme
display_name: 株式会社アクメ
plan: enterprise
time_zone: Asia/Tokyo
connection:
  org_url: {org_url}
  flow: client_credentials
  consumer_key: {{env: ACME_SF_KEY}}
  consumer_secret: {{env: ACME_SF_SECRET}}
source:
  object: Account
  conditions:
    - {{field: Type, op: eq, value: Customer}}
mapping:
  - {{from: AnnualRevenue, to: revenue, label: 売上}}
  - {{from: Owner.Name, to: owner, label: 担当者}}
refresh: {{every: 3h}}
"""
"""The settings file of the README."""


def serve_sandbox(*, port: int | None, is_still: bool) -> None:
    """Serves the two sample orgs on HTTPS until Ctrl-C; they change automatically unless still.

    Without ``port`` it is `PORT`, or a free one when that is in use.
    """
    folder = Environment.from_environment().home / "sandbox"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    serve(
        folder,
        port=free_port(PORT) if port is None else port,
        change_every_s=None if is_still else CHANGE_EVERY_S,
        on_ready=_print_access,
    )


def _print_access(server: SandboxServer) -> None:
    """The address, and what to paste; the secrets in it are those of no real org."""
    console = to_stdout()
    console.print(f"{say('組織のURL', 'org URL')}: {server.url}", soft_wrap=True)
    ends = say("Ctrl-C で停止します。", "Ctrl-C stops it.")
    paste = say(
        "別の端末に、次の行をすべて貼り付けてください。", "Paste all of this into another terminal:"
    )
    console.print(f"{ends} {paste}\n")
    console.print(paste_block(server), soft_wrap=True)
    sys.stdout.flush()  # a reader of a pipe waits for it


def paste_block(server: SandboxServer) -> str:
    """Shell commands: the exports for every org, and the settings file of the README."""
    environment = Environment.from_environment()
    file = environment.config_dir / "tenants" / f"{TENANT}.yaml"
    folder, name = shlex.quote(str(file.parent)), shlex.quote(str(file))
    replaces = say(f"# {file} を置き換えます", f"# replaces {file}")
    lines = [
        *([replaces] if file.exists() else []),
        _export("FLYLE_SF_CA_FILE", server.ca_file),
        _export("FLYLE_SF_EXTRA_HOSTS", server.url.removeprefix("https://")),
        *(_exports_of(org) for org in server.orgs),
        f"mkdir -p {folder}",
        f"cat > {name} <<'YAML'",
        SETTINGS.format(org_url=server.url) + "YAML",
    ]
    return "\n".join(lines)


def _exports_of(org: Org) -> str:
    name = org.name.upper()
    key, secret = shlex.quote(org.consumer_key), shlex.quote(org.consumer_secret)
    return f"export {name}_SF_KEY={key} {name}_SF_SECRET={secret}"


def _export(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"
