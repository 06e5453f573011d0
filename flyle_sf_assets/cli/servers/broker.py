"""What a worker needs before it begins, and a broker on this machine for a demo."""

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flyle_sf_assets.errors import Text, UsageError
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.store.postgres.urls import DAGSTER_VARIABLE, PRODUCT_VARIABLE

VARIABLE = "FLYLE_BROKER_URL"
INSTALL = "sudo apt-get install redis-server"
INSTALL_ON_MACOS = "brew install redis"
READY_TIMEOUT_S = 10.0

_TRIED = Text("ワーカーを起動しようとしました", "Tried to start a worker")


def require_celery() -> None:
    """Raises UsageError ``celery_missing`` when the extra ``celery`` is not installed."""
    if importlib.util.find_spec("dagster_celery") is not None:
        return
    raise UsageError(
        "celery_missing",
        tried=_TRIED,
        came_back=Text("dagster-celery がインストールされていません", "There is no dagster-celery"),
        remedy=Text(
            "pip install 'flyle-sf-assets[celery]' を実行してください",
            "Run pip install 'flyle-sf-assets[celery]'",
        ),
    )


def require_broker() -> str:
    """The broker's URL once it answers. Raises UsageError.

    ``broker_not_named`` without the variable, ``broker_unreachable`` when it does not answer.
    """
    url = os.environ.get(VARIABLE)
    if not url:
        raise UsageError(
            "broker_not_named",
            tried=_TRIED,
            came_back=Text(f"{VARIABLE} が設定されていません", f"{VARIABLE} is not set"),
            remedy=Text(
                f"{VARIABLE} に Redis の URL を指定してください"
                "（redis://:password@host:6379/0 など）",
                f"Set {VARIABLE} to the URL of a Redis, like redis://:password@host:6379/0",
            ),
        )
    from redis import Redis
    from redis.exceptions import RedisError

    # Celery's name for a Unix socket is not that of the Redis library.
    address = url.replace("redis+socket://", "unix://", 1)
    try:
        with Redis.from_url(address, socket_timeout=READY_TIMEOUT_S) as client:
            client.ping()
    except (RedisError, OSError, ValueError) as error:
        raise _unreachable(type(error).__name__) from None
    return url


def require_databases(environment: Environment) -> None:
    """Raises UsageError ``databases_not_named`` without the URLs of both databases.

    The embedded server belongs to one machine.
    """
    if environment.database_url and environment.dagster_database_url:
        return
    raise UsageError(
        "databases_not_named",
        tried=_TRIED,
        came_back=Text(
            f"{PRODUCT_VARIABLE} と {DAGSTER_VARIABLE} の両方は設定されていません",
            f"{PRODUCT_VARIABLE} and {DAGSTER_VARIABLE} are not both set",
        ),
        remedy=Text(
            f"デーモンと同じ {PRODUCT_VARIABLE} と {DAGSTER_VARIABLE} を設定してください",
            f"Set {PRODUCT_VARIABLE} and {DAGSTER_VARIABLE} as the daemon has them",
        ),
    )


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """A Redis of our own for the block, on a socket in ``folder``; yields its URL.

    It keeps nothing on disk. Raises UsageError ``redis_server_missing`` where it is not installed.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise UsageError(
            "redis_server_missing",
            tried=Text(
                "Celery のデモ用に Redis を起動しようとしました",
                "Tried to start Redis for the demo on Celery",
            ),
            came_back=Text(
                "redis-server がインストールされていません", "redis-server is not installed"
            ),
            remedy=Text(
                f"{INSTALL} (macOS では {INSTALL_ON_MACOS}) を実行してください",
                f"Run {INSTALL} (on macOS {INSTALL_ON_MACOS})",
            ),
        )
    socket = folder / "redis.sock"
    command = [program, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
    command += ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _await_socket(child, socket)
        yield f"redis+socket://{socket}"
    finally:
        child.terminate()
        child.wait()


def _await_socket(child: subprocess.Popen[bytes], socket: Path) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not socket.exists():
        if child.poll() is not None or time.monotonic() > deadline:
            raise _unreachable(f"exit code {child.poll()}")
        time.sleep(0.05)


def _unreachable(answer: str) -> UsageError:
    return UsageError(
        "broker_unreachable",
        tried=Text("Redis に接続しようとしました", "Tried to connect to Redis"),
        came_back=Text.quoted(answer),
        remedy=Text(
            f"Redis が起動していること、{VARIABLE} のホスト、ポート、パスワードを確認してください",
            f"Check that Redis runs, and the host, port and password in {VARIABLE}",
        ),
    )
