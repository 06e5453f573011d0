"""JWT bearer: a signed assertion brings tokens; what is wrong with it is told without the key."""

import time
import traceback
from datetime import timedelta

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)

from flyle_sf_assets import errors
from flyle_sf_assets.salesforce.connect import Org, open_org
from flyle_sf_assets.salesforce.errors.rules import JWT_BEARER
from flyle_sf_assets.salesforce.tokens.jwt_bearer import audience_of, signed
from flyle_sf_assets.settings.models import Connection, SecretRef
from flyle_sf_assets_tests.salesforce.room import Room
from flyle_sf_assets_tests.signing import certify, pem, username_of


@pytest.fixture
def signing(room: Room, key: rsa.RSAPrivateKey) -> Room:
    """An org whose app holds the key's certificate and is approved for the connected user."""
    certify(room.there, key)
    return room


def open_by_jwt(room: Room, private_key: str, user: str | None = None) -> Org:
    connection = Connection.model_validate(
        {
            "org_url": room.server.url,
            "flow": "jwt_bearer",
            "consumer_key": {"env": "KEY"},
            "username": user or username_of(room.there),
            "private_key": {"env": "PRIVATE"},
        }
    )

    def reveal(ref: SecretRef) -> str:
        return {"KEY": room.there.consumer_key, "PRIVATE": private_key}[ref.env or ""]

    return open_org(connection, reveal, room.access())


def test_a_signed_assertion_logs_in_and_in_again(signing: Room, key: rsa.RSAPrivateKey) -> None:
    """A session that ends is replaced by the next assertion."""
    with open_by_jwt(signing, pem(key)) as org:
        assert org.user_id == signing.there.connected_user_id
        assert org.simple_salesforce().limits()
        signing.there.expire_sessions()
        assert org.simple_salesforce().limits()


def test_another_key_is_refused(signing: Room) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(errors.NotConnected) as refused:
        open_by_jwt(signing, pem(other))
    assert refused.value.code == "assertion_refused"


def test_a_user_for_whom_the_app_is_not_approved_says_what_to_do(
    signing: Room, key: rsa.RSAPrivateKey
) -> None:
    with pytest.raises(errors.NotPermitted) as refused:
        open_by_jwt(signing, pem(key), user="nobody@example.com")
    assert refused.value.code == "app_not_allowed"


@pytest.mark.parametrize("what", ["not a key", "elliptic", "cut off", "public", "locked"])
def test_a_key_that_cannot_sign_is_told_but_not_shown(
    signing: Room, key: rsa.RSAPrivateKey, what: str
) -> None:
    """What fails to parse may be most of a key."""
    text = {
        "not a key": "no key at all, but secret",
        "elliptic": pem(ec.generate_private_key(ec.SECP256R1())),
        "cut off": pem(key)[:-200],
        "public": key.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        "locked": key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"passphrase")
        ).decode(),
    }[what]
    with pytest.raises(errors.NotConnected) as refused:
        open_by_jwt(signing, text)
    assert refused.value.code == "private_key_invalid"
    shown = "".join(traceback.format_exception(refused.value))
    assert not any(line in shown for line in text.splitlines() if "-----" not in line)


@pytest.mark.parametrize(
    ("org_url", "audience"),
    [
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme.develop.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
    ],
)
def test_the_audience_is_the_orgs_login_server(org_url: str, audience: str) -> None:
    assert audience_of(org_url) == audience


def test_an_answer_of_the_five_recorded_members_is_enough(
    signing: Room, key: rsa.RSAPrivateKey
) -> None:
    """No real JWT login could succeed: we asked for members that only other flows have."""
    claims = {
        "iss": signing.there.consumer_key,
        "sub": username_of(signing.there),
        "aud": "https://login.salesforce.com",
        "exp": time.time() + 60,
    }
    form = {"grant_type": JWT_BEARER, "assertion": signed(claims, pem(key))}
    url = f"{signing.server.url}/services/oauth2/token"
    answer = requests.post(url, data=form, verify=signing.server.ca_file, timeout=20).json()
    assert answer.keys() == {"access_token", "scope", "instance_url", "id", "token_type"}
    assert answer["id"].startswith("https://login.salesforce.com/id/")
    with open_by_jwt(signing, pem(key)) as org:
        assert (org.org_id, org.user_id) == (
            signing.there.org_id,
            signing.there.connected_user_id,
        )
        assert abs(org.server_now - signing.there.now()) < timedelta(seconds=3)
        assert org.simple_salesforce().limits()
