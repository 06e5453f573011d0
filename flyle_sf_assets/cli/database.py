"""``flyle-sf db url`` and ``db psql``: reading the product's data with PostgreSQL's own tools.

What does not belong here: the role that only reads (``store/postgres/reader.py``).
"""

import shutil
import signal
import subprocess

from flyle_sf_assets.cli.terminal.language import say
from flyle_sf_assets.cli.terminal.output import to_stderr
from flyle_sf_assets.errors import Text, UsageError
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.store.postgres.cluster import programs
from flyle_sf_assets.store.postgres.reader import READER_ROLE, ReaderAccess, reader_access


def access_of(opened: Installation) -> ReaderAccess:
    """The read-only access to this installation's data."""
    return reader_access(
        opened.database_url, opened.environment.home, has_password=not _is_embedded(opened)
    )


def print_hints(opened: Installation, access: ReaderAccess) -> None:
    """How to use the URL, on stderr: stdout has the URL and nothing else."""
    console = to_stderr()
    console.print(
        say(
            'psql "$(flyle-sf db url)" で読み取れます (全テナント、変更はできません)。',
            'psql "$(flyle-sf db url)" reads all tenants and can change nothing.',
        )
    )
    if _is_embedded(opened):
        console.print(
            say(
                "内蔵PostgreSQLは使用中だけ動きます: make dev を実行しておくか、flyle-sf db psql を"
                "使ってください。",
                "The embedded server runs only while it is used: keep make dev running, or use"
                " flyle-sf db psql.",
            )
        )
    elif access.password_file is None:
        console.print(
            say(
                f"{READER_ROLE} のパスワードは、このロールを作成した環境か管理者が知っています。",
                f"The password of {READER_ROLE} is known where the role was created.",
            )
        )


def run_psql(access: ReaderAccess) -> int:
    """Runs psql until the person leaves it; Ctrl-C is for psql. Returns its exit code."""
    program = shutil.which("psql") or str(programs() / "psql")
    kept = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run([program, access.url], check=False).returncode
    except FileNotFoundError as error:
        raise UsageError(
            "psql_missing",
            tried=Text("psql を起動しようとしました", "Tried to start psql"),
            came_back=Text.quoted(f"{program}: {error.strerror}"),
            remedy=Text("PostgreSQLのクライアントをインストールしてください", "Install psql"),
        ) from None
    finally:
        signal.signal(signal.SIGINT, kept)


def _is_embedded(opened: Installation) -> bool:
    return opened.environment.database_url is None
