"""The forms of a URL that lead to one database of `tcp_server`."""

from collections.abc import Callable
from urllib.parse import quote

from flyle_sf_assets_tests.store.postgres.tcp_server import TcpServer, has_ipv6

TLS = "postgresql://{s.user}:{s.password}@localhost:{s.tls_port}/{database}?{query}"
_HOST = "{s.user}:{s.password}@127.0.0.1:{s.port}/{database}"

Form = Callable[[TcpServer, str], str]


def _form(template: str) -> Form:
    def fill(server: TcpServer, database: str) -> str:
        sockets = quote(str(server.sockets), safe="")
        return template.format(s=server, database=database, sockets=sockets)

    return fill


FORMS: dict[str, Form] = {
    "plain": _form(f"postgresql://{_HOST}"),
    "postgres": _form(f"postgres://{_HOST}"),
    "upper case": _form(f"POSTGRESQL://{_HOST}"),
    "psycopg": _form(f"postgresql+psycopg://{_HOST}"),
    "psycopg2": _form(f"postgresql+psycopg2://{_HOST}"),
    "asyncpg": _form(f"postgres+asyncpg://{_HOST}"),
    "with a line end": _form(f"postgresql://{_HOST}\n"),
    "socket": _form(
        "postgresql://{s.user}:{s.password}@/{database}?host={s.sockets}&port={s.port}"
    ),
    "socket as host": _form("postgresql://{s.user}:{s.password}@{sockets}:{s.port}/{database}"),
    "all in parameters": _form(
        "postgresql:///?host=127.0.0.1&port={s.port}&dbname={database}&user={s.user}"
        "&password={s.password}"
    ),
    "sslmode=prefer": _form(f"postgresql://{_HOST}?sslmode=prefer&target_session_attrs=any"),
    "sslmode=require": _form(TLS.replace("{query}", "sslmode=require")),
    "sslmode=verify-full": _form(
        TLS.replace("{query}", "sslmode=verify-full&sslrootcert={s.ca_file}")
    ),
}
if has_ipv6():
    FORMS["IPv6"] = _form("postgresql://{s.user}:{s.password}@[::1]:{s.port}/{database}")
