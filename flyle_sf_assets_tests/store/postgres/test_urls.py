"""Database URLs as people write them, each against a real server, and the wrong ones."""

from collections.abc import Callable, Iterator

import pytest

from flyle_sf_assets.errors import StoreUnavailable, UsageError
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.postgres.urls import as_text, dagster_url, product_url
from flyle_sf_assets_tests.postgres import opened
from flyle_sf_assets_tests.store.postgres.tcp_server import (
    PASSWORD,
    USER,
    TcpServer,
    has_ipv6,
    tcp_server,
)
from flyle_sf_assets_tests.store.postgres.url_forms import FORMS, TLS

DATABASE = "flyle%20%E8%A3%BD%E5%93%81"


@pytest.fixture(scope="module")
def server() -> Iterator[TcpServer]:
    """One server for the file, whose product database has its schema."""
    with tcp_server() as made:
        with opened(FORMS["plain"](made, DATABASE)) as database:
            database.upgrade()
        yield made


@pytest.mark.parametrize("form", FORMS)
def test_the_products_database_is_found_by_every_form(server: TcpServer, form: str) -> None:
    """People paste what their provider shows them, and write sockets and TLS by hand."""
    with opened(FORMS[form](server, DATABASE)) as database:
        assert database.is_current()
        with database.tenant("acme") as tx:
            assert tx.execute("SELECT session_user").scalar() == USER


@pytest.mark.parametrize("form", FORMS)
def test_a_url_handed_to_another_process_is_read_as_the_same(server: TcpServer, form: str) -> None:
    """Commands pass the URL on to Dagster and the console, which read it again."""
    url = product_url(FORMS[form](server, DATABASE))
    assert product_url(as_text(url)) == url
    assert (url.username, url.password, url.database) == (USER, PASSWORD, "flyle 製品")


def test_a_parameter_of_the_url_goes_before_our_own(server: TcpServer) -> None:
    """A pooler tells its users' connections apart by application_name."""
    query = "?application_name=ours+and%20theirs&options=-c%20work_mem%3D7MB&connect_timeout=3"
    with (
        opened(FORMS["plain"](server, DATABASE) + query) as database,
        database.tenant("acme") as tx,
    ):
        assert tx.execute("SHOW application_name").scalar() == "ours and theirs"
        assert tx.execute("SHOW work_mem").scalar() == "7MB"


def refused(run: Callable[[], object]) -> UsageError:
    """What refused it, said in both languages and without the password."""
    with pytest.raises(UsageError) as caught:
        run()
    error = caught.value
    told = f"{error}{error!r}{error.tried!r}{error.remedy!r}{error.__cause__}"
    assert "hunter2" not in told
    assert PASSWORD not in told
    assert (error.exit_code, error.code) == (2, "database_url_invalid")
    assert error.remedy.ja != error.remedy.en
    return error


WRONG = {
    "": "does not begin with postgresql://",
    "host=db password=hunter2 dbname=x": "does not begin with postgresql://",
    "mysql://root:hunter2@localhost/x": "does not begin with postgresql://",
    "jdbc:postgresql://db/x?password=hunter2": "does not begin with postgresql://",
    "postgresql://u:hunter2@db": "names no database",
    "postgresql://u:hunter2@db/": "names no database",
    "postgresql://u:hunter2/x@db/flyle": "cannot be told apart",
    "postgresql://u:12/hunter2@db/flyle": "cannot be told apart",
    "postgresql://u:12?hunter2@db/flyle": "cannot be told apart",
    "postgresql://u:hunter2#x@db/flyle": "cannot be told apart",
    "postgresql://u:[hunter2@db/flyle": "cannot be told apart",
    "postgresql://u:100%hunter2@db/flyle": "two hexadecimal digits",
    "postgresql://u:hun ter2@db/flyle": "a blank",
    "postgresql://u:hunter2@db:54x2/flyle": "port",
    "postgresql://u:hunter2@db:70000/flyle": "port",
    "postgresql://u:hunter2@::1/flyle": "square brackets",
    "postgresql://u:hunter2@a,b/flyle": "several hosts",
    "postgresql://u:hunter2@a:1,b:2/flyle": "several hosts",
    "postgresql://u:hunter2@/flyle?host=a&host=b": "several hosts",
    "postgresql://u:hunter2@/flyle?host=a,b": "several hosts",
    "postgresql://u:hunter2@db/flyle?schema=public": "no parameter schema",
    "postgresql://u:hunter2@db/flyle?sslmode=on": "sslmode",
    "postgresql://u:hunter2@db/flyle?sslmode": "name=value",
    "postgresql://u:hunter2@db/flyle?sslmode=require&sslmode=allow": "twice",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_url_is_refused_with_its_variable_and_what_is_wrong(text: str) -> None:
    """The variable holds a password, so that the URL itself is never shown."""
    error = refused(lambda: product_url(text))
    assert WRONG[text] in error.came_back.en
    assert "FLYLE_DATABASE_URL" in error.tried.ja
    assert "FLYLE_DATABASE_URL" in error.tried.en
    error = refused(lambda: dagster_url(text))
    assert "FLYLE_DAGSTER_DATABASE_URL" in error.tried.en


def test_an_at_sign_in_a_password_is_understood() -> None:
    """The last one ends the password: nothing else could be meant."""
    url = product_url("postgresql://u:p@ss:w@db/flyle")
    assert (url.username, url.password, url.host) == ("u", "p@ss:w", "db")


def test_an_address_of_ipv6_keeps_its_brackets() -> None:
    """Dagster reads the URL again."""
    assert dagster_url("postgres://u@[2001:db8::1]:6432/d") == (
        "postgresql+psycopg2://u@[2001:db8::1]:6432/d"
    )
    assert has_ipv6() == ("IPv6" in FORMS)


def test_a_certificate_of_another_authority_is_refused(server: TcpServer) -> None:
    """verify-full is more than encryption; the error names the server and no password."""
    ca = f"sslrootcert={server.other_ca_file}"
    database = Database(TLS.format(s=server, database=DATABASE, query=f"sslmode=verify-full&{ca}"))
    with pytest.raises(StoreUnavailable, match="certificate verify failed") as caught:
        database.is_current()
    assert PASSWORD not in str(caught.value)
    database.dispose()


def test_tls_that_the_server_has_not_is_never_given_up(server: TcpServer) -> None:
    """sslmode=require must not fall back to a connection in the clear."""
    database = Database(FORMS["plain"](server, DATABASE) + "?sslmode=require")
    with pytest.raises(StoreUnavailable, match="does not support SSL"):
        database.is_current()
    database.dispose()
