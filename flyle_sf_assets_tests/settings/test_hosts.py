"""Which URLs may be called: every way in which another host could slip in is refused."""

import pytest

from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.settings.hosts import (
    check_org_url,
    extra_hosts,
    is_allowed,
    pasted_org_url,
)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("https://ACME.my.Salesforce.com/", "https://acme.my.salesforce.com"),
        ("https://acme.my.salesforce.com:443/lightning/setup", "https://acme.my.salesforce.com"),
        (
            "https://acme--uat.sandbox.my.salesforce.com",
            "https://acme--uat.sandbox.my.salesforce.com",
        ),
        (
            "https://acme-dev-ed.develop.my.salesforce.com",
            "https://acme-dev-ed.develop.my.salesforce.com",
        ),
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme.my.salesforce.mil", "https://acme.my.salesforce.mil"),
        ("https://na123.salesforce.com", "https://na123.salesforce.com"),
        (" https://acme.my.sfcrmproducts.cn ", "https://acme.my.sfcrmproducts.cn"),
    ],
)
def test_salesforces_own_domains_are_allowed(url: str, origin: str) -> None:
    """People copy the address bar: a path and the case are forgiven, the host is not."""
    assert check_org_url(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.my.salesforce.com",
        "https://acme.my.salesforce.com.evil.example",
        "https://evil.example/acme.my.salesforce.com",
        "https://acme.my.salesforce.com@evil.example",
        "https://user:pw@acme.my.salesforce.com",
        "https://evil.example\\@acme.my.salesforce.com",
        "https://evil.example\\.my.salesforce.com",
        "https://acme.my.salesforce.com:8443",
        "https://acme.my.salesforce.com:0",
        "https://acme.my.salesforce.com:99999",
        "https://my.salesforce.com",
        "https://evil-my.salesforce.com",
        "https://acme.my.salesforce.com%2eevil.example",
        "https://acme。my.salesforce.com",
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://a.my.salesforce.com]",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://acme.my.salesforce.com\uff0fevil",
        "https://[::1]",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost",
        "https://acme.my.site.com",
        "https://",
        "acme.my.salesforce.com",
        "file:///etc/passwd",
        "",
    ],
)
def test_any_other_host_is_refused(url: str) -> None:
    """A server that fetches what a person types is a way into the network (SSRF)."""
    assert not is_allowed(url)
    with pytest.raises(UsageError) as caught:
        check_org_url(url)
    assert caught.value.code == "org_url_not_allowed"


@pytest.mark.parametrize(
    ("pasted", "wanted"),
    [
        ("https://acme.lightning.force.com/x", "https://acme.my.salesforce.com"),
        (
            "https://acme--uat.sandbox.lightning.force.com",
            "https://acme--uat.sandbox.my.salesforce.com",
        ),
        ("https://acme.my.salesforce-setup.com", "https://acme.my.salesforce.com"),
    ],
)
def test_a_page_of_the_org_is_answered_with_its_my_domain(pasted: str, wanted: str) -> None:
    """The address bar shows lightning.force.com: the remedy names the URL to use."""
    with pytest.raises(UsageError) as caught:
        check_org_url(pasted)
    assert wanted in caught.value.remedy.en


def test_listed_hosts_are_allowed_with_their_port_only() -> None:
    """``host`` means port 443: a list entry opens one door, not all of a machine's."""
    listed = ["127.0.0.1:8443", "Proxy.example", "[::1]:9443"]
    assert check_org_url("https://127.0.0.1:8443/x", listed) == "https://127.0.0.1:8443"
    assert check_org_url("https://proxy.example", listed) == "https://proxy.example"
    assert check_org_url("https://[::1]:9443", listed) == "https://[::1]:9443"
    for other in ("https://127.0.0.1", "https://127.0.0.1:8444", "https://proxy.example:8443"):
        assert not is_allowed(other, listed)
    assert not is_allowed("http://127.0.0.1:8443", listed)


@pytest.mark.parametrize("entry", ["https://x.example", "x.example/path", "a@b", "x:port"])
def test_a_malformed_list_is_refused(entry: str) -> None:
    """A typing error in the operator's list must not silently allow nothing, or too much."""
    with pytest.raises(UsageError):
        extra_hosts([entry])


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        (" ＨＴＴＰＳ：／／ａｃｍｅ．my.salesforce.com/ ", "https://acme.my.salesforce.com"),
        (
            "https://acme.lightning.force.com/lightning/o/Account/list",
            "https://acme.my.salesforce.com",
        ),
        ("http://acme.my.salesforce.com:80/setup", "https://acme.my.salesforce.com"),
        ("「acme.my.salesforce.com」", "https://acme.my.salesforce.com"),
        ("https://127.0.0.1:8443/x", "https://127.0.0.1:8443"),
        ("ftp://acme.my.salesforce.com", "ftp://acme.my.salesforce.com"),
        ("https://user@acme.my.salesforce.com", "https://user@acme.my.salesforce.com"),
    ],
)
def test_a_pasted_address_is_understood_or_left_as_it_is(pasted: str, meant: str) -> None:
    """What is not understood is refused as it was typed, not as something else."""
    assert pasted_org_url(pasted) == meant
