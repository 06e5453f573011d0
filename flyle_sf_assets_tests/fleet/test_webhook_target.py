"""The receiver's address and key, as an operator writes them."""

import pytest

from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.fleet.webhook_target import WebhookTarget, webhook_target
from flyle_sf_assets_tests.fleet.receiver import SECRET


def target(url: str, secret: str = SECRET) -> WebhookTarget | None:
    return webhook_target({"FLYLE_WEBHOOK_URL": url, "FLYLE_WEBHOOK_SECRET": secret})


def test_without_an_address_nothing_is_posted() -> None:
    """The key alone does not matter."""
    assert webhook_target({}) is None
    assert target("  ") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/services/T0/B0/XXX",
        "https://example.com:8443/hook?a=b",
        "http://127.0.0.1:9999/relay",
        "http://[::1]:9999/relay",
    ],
)
def test_https_and_this_machine_are_taken(url: str) -> None:
    found = target(url)
    assert found is not None
    assert found.url == url
    assert url not in repr(found)
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "http://127.0.0.1.example.com/hook",
        "http://localhost.example.com/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://",
        "https://user:password@example.com/",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "https://[::1/",
        "https://example.com/\r\nHost: x",
        "hooks.slack.com/services",
    ],
)
def test_everything_else_is_refused_and_never_quoted(url: str) -> None:
    """The address may be the secret of a channel."""
    with pytest.raises(UsageError, match="FLYLE_WEBHOOK_URL") as refused:
        target(url)
    assert refused.value.code == "webhook_settings_invalid"
    assert url not in str(refused.value)


@pytest.mark.parametrize("secret", ["", "short"])
def test_a_key_that_can_be_guessed_is_refused(secret: str) -> None:
    """Anybody could post what looks like ours."""
    with pytest.raises(UsageError, match="FLYLE_WEBHOOK_SECRET"):
        target("https://example.com/", secret)
