"""How a request reaches Salesforce: an HTTPS session with timeouts, and the only retries here.

Transport faults and transient refusals are retried, a limited number of times and for a limited
time; the answer's body is read inside the attempt, so that a truncated body is retried too.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, Generic, TypeVar

import requests
import stamina
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from flyle_sf_assets import __version__
from flyle_sf_assets.errors import AnswerTooLarge, FlyleError, IncompleteRead, Text, UsageError
from flyle_sf_assets.salesforce import answers
from flyle_sf_assets.salesforce.bounds import BoundedBody, Bounds, DeadlineSocket, deadline
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.salesforce.retries import limited_to, log_retry
from flyle_sf_assets.settings.hosts import is_allowed

T = TypeVar("T")


ASKED = Text("Salesforce に問い合わせようとしました", "Tried to ask Salesforce")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When retries of a request end: after this many attempts, or this many seconds in total.

    A Retry-After longer than ``wait_longest_s`` is not waited for here: the run is retried later.
    """

    attempts: int = 5
    total_s: float = 180.0
    wait_initial_s: float = 0.5
    wait_longest_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Network:
    """How this installation reaches Salesforce.

    ``ca_file`` is trusted besides the system's CAs; ``extra_hosts`` are ``host[:port]`` allowed
    besides Salesforce's own domains. A query may run for 120 s before Salesforce answers.
    ``login_retry`` is for the token endpoint: Salesforce processes simultaneous logins one after
    the other, so that many short waits succeed. ``clock`` is this machine's: Salesforce's time is
    compared with it.
    """

    ca_file: Path | None = None
    extra_hosts: tuple[str, ...] = ()
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 150.0
    connections_max: int = 8
    retry: RetryPolicy = RetryPolicy()
    login_retry: RetryPolicy = RetryPolicy(attempts=8, total_s=60.0, wait_longest_s=5.0)
    bounds: Bounds = field(default_factory=Bounds)
    clock: Callable[[], datetime] = _utc_now

    def believed(self, header: str | None) -> datetime | None:
        """Salesforce's time in a ``Date`` header; None when it is none, or far from our clock."""
        date = parsed_date(header)
        if date is None or abs((date - self.clock()).total_seconds()) > self.bounds.clock_skew_s:
            return None
        return date


class Failed(Exception):
    """Carries one attempt's fault from the attempt to the retry loop."""

    def __init__(self, fault: faults.Fault) -> None:
        self.fault = fault
        super().__init__(fault.error.code)


def _scheduled(details: stamina.instrumentation.RetryDetails) -> None:
    """Logs a retry in place of stamina's own log line, which says nothing about its cause."""
    cause = details.caused_by
    error = cause.fault.error if isinstance(cause, Failed) else cause
    if isinstance(error, FlyleError):
        log_retry(details, error)


stamina.instrumentation.set_on_retry_hooks([_scheduled])


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, and ``consume``, which makes the result of its answer (`Transport.fetch`)."""

    method: str
    url: str
    consume: Callable[[requests.Response], T]
    tried: Text
    kwargs: dict[str, Any]


class Transport(requests.Session):
    """A ``requests.Session`` that never follows redirects and keeps no cookies.

    It ignores the environment's proxies and CA variables (``trust_env``), which override ours.
    """

    def __init__(self, network: Network, *, like: "Transport | None" = None) -> None:
        """``like`` shares its pooled connections."""
        super().__init__()
        self.trust_env = False
        self.network = network
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.update(
            {"User-Agent": f"flyle-sf-assets/{__version__}", "Accept-Encoding": "gzip"}
        )
        self.adapters.clear()
        adapter = like.get_adapter("https://") if like else _TrustingAdapter(network)
        self.mount("https://", adapter)

    def fetch(
        self,
        method: str,
        url: str,
        consume: Callable[[requests.Response], T],
        *,
        tried: Text = ASKED,
        retries: bool = True,
        **kwargs: Any,
    ) -> T:
        """The result of ``consume`` for the answer (status 2xx or 304), read within the attempt.

        ``kwargs`` are those of ``requests.request``. Raises the error of
        ``errors/classification.py`` for a refusal; IncompleteRead raised by ``consume`` is retried.
        With ``retries=False`` it is sent once: for requests that must not be repeated, such as with
        a rotating refresh token. It is sent again only when Salesforce did nothing with it.
        """
        policy, call = self._retry, Call(method, url, consume, tried, kwargs)
        attempts = stamina.retry_context(
            on=self._backoff if retries else self._backoff_of_unused,
            attempts=policy.attempts,
            timeout=policy.total_s,
            wait_initial=policy.wait_initial_s,
            wait_max=policy.wait_longest_s,
        )
        try:
            with limited_to(policy.attempts):
                for attempt in attempts:
                    with attempt:
                        return self._attempt(call)
        except Failed as failed:
            raise failed.fault.error from failed.__cause__
        raise AssertionError("stamina ends with a result or an exception")

    def decoded(self, body: bytes, decode: Callable[[bytes], T], *, tried: Text) -> T:
        """`answers.decoded` within this installation's limits."""
        values_max = self.network.bounds.values
        return answers.decoded(body, decode, values_max=values_max, tried=tried)

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """As ``requests.Session.request``, through `fetch`: what simple_salesforce calls."""
        if args:
            raise TypeError("only keyword arguments besides method and url")
        address = url.decode() if isinstance(url, bytes) else str(url)
        return self.fetch(str(method), address, lambda response: response, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would parse the URL although it is not followed, and may fail."""

    @property
    def _retry(self) -> RetryPolicy:
        return self.network.retry

    def _attempt(self, call: Call[T]) -> T:
        return self._send_once(call)

    def _send_once(self, call: Call[T]) -> T:
        """One request. Raises Failed with its fault; other exceptions are bugs."""
        tried, kwargs = call.tried, call.kwargs
        if not is_allowed(call.url, self.network.extra_hosts):
            raise AssertionError("a URL that hosts.check_org_url never gave out")
        options = {
            "timeout": (self.network.connect_timeout_s, self.network.read_timeout_s),
            **kwargs,
            "allow_redirects": False,
            "stream": True,  # the body is read here, within its limits
        }
        bounds = self.network.bounds
        limit = bounds.page_bytes if kwargs.get("stream") else bounds.answer_bytes
        answered = False
        try:
            with (
                deadline(bounds.request_s),
                super().request(call.method, call.url, **options) as response,
            ):
                answered = True
                self._saw(response, tried)
                response.raw = BoundedBody(response.raw, limit, tried)
                if not kwargs.get("stream"):
                    response.content  # noqa: B018 - a property that reads the body
                if not _is_an_answer(response.status_code):
                    raise Failed(self._fault_of(response, tried))
                return call.consume(response)
        except requests.RequestException as exception:
            if not answered:
                self._saw_no_answer(exception)
            raise Failed(faults.of_transport(exception, tried=tried)) from exception
        except AnswerTooLarge as error:
            raise Failed(faults.Fault(error)) from error.__cause__
        except IncompleteRead as error:
            raise Failed(faults.Fault(error, transient=True)) from error.__cause__

    def _fault_of(self, response: requests.Response, tried: Text) -> faults.Fault:
        return faults.of_answer(
            response.status_code,
            response.content,
            tried=tried,
            retry_after=response.headers.get("Retry-After"),
        )

    def _saw(self, response: requests.Response, tried: Text) -> None:
        """Called for every answer before its body is read. May refuse it with IncompleteRead."""

    def _saw_no_answer(self, exception: requests.RequestException) -> None:
        """Called for every request that failed before its answer's headers arrived."""

    def _backoff(self, exception: Exception) -> bool | float:
        """Whether to retry, and after how many seconds when Salesforce said so."""
        if not isinstance(exception, Failed) or not exception.fault.transient:
            return False
        wait_s = exception.fault.wait_s
        if wait_s is None:
            return True
        return wait_s if wait_s <= self._retry.wait_longest_s else False

    def _backoff_of_unused(self, exception: Exception) -> bool | float:
        is_unused = isinstance(exception, Failed) and exception.fault.is_unused
        return self._backoff(exception) if is_unused else False


def parsed_date(header: str | None) -> datetime | None:
    """A time in HTTP's format (``Date``, ``Last-Modified``), UTC; None for anything else."""
    if not header:
        return None
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)


def _is_an_answer(status: int) -> bool:
    """2xx, or 304 to a conditional request; redirects are never followed."""
    return status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.NOT_MODIFIED


class _TrustingAdapter(HTTPAdapter):
    """Connections that are always verified by the context of `_trust`."""

    def __init__(self, network: Network) -> None:
        self._context = _trust_of(network.ca_file)
        super().__init__(
            pool_connections=4, pool_maxsize=network.connections_max, pool_block=True, max_retries=0
        )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ARG002
        """Ignores ``verify``; requests would read certifi's file at every connection."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = conn.ca_cert_dir = None


def _trust_of(ca_file: Path | None) -> ssl.SSLContext:
    if ca_file is None:
        return _trust(None, None)
    try:
        status = ca_file.stat()
        return _trust(ca_file, (status.st_mtime_ns, status.st_size))
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            "ca_file_unreadable",
            tried=Text(
                f"FLYLE_SF_CA_FILE ({ca_file}) を読み込もうとしました",
                f"Tried to read FLYLE_SF_CA_FILE ({ca_file})",
            ),
            came_back=Text.quoted(error),
            remedy=Text(
                "PEM 形式の CA 証明書のファイルを指定してください",
                "Name a file of CA certificates in PEM form",
            ),
        ) from error


@lru_cache(maxsize=8)
def _trust(ca_file: Path | None, _state: tuple[int, int] | None) -> ssl.SSLContext:
    """The system's CAs, certifi's and the operator's: 60 ms to read, so cached while unchanged."""
    context = ssl.create_default_context()
    context.sslsocket_class = DeadlineSocket
    context.load_verify_locations(cafile=DEFAULT_CA_BUNDLE_PATH)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context
