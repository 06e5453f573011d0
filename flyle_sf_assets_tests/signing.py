"""A key pair whose public half an org's app holds: for logins by signed assertion."""

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from flyle_sf_assets.sandbox.clock import SystemClock
from flyle_sf_assets.sandbox.org import Org

JWT_SETTINGS = (
    (
        "flow: client_credentials",
        "flow: jwt_bearer",
    ),
    (
        "consumer_secret: {env: ACME_SF_SECRET}",
        "username: USERNAME\n  private_key: {env: ACME_SF_PRIVATE}",
    ),
)
"""Changes of the demo tenant's settings; USERNAME is `username_of` its org."""


def new_key() -> rsa.RSAPrivateKey:
    """A key pair."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """The private half as settings refer to it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def username_of(org: Org) -> str:
    """The connected user's."""
    return str(org.record("User", org.connected_user_id)["Username"])


def certify(org: Org, key: rsa.RSAPrivateKey) -> None:
    """The app holds the key's certificate and is approved for the connected user.

    An assertion says by this machine's clock when it expires: the org's clock is that one too.
    """
    org._clock = SystemClock()  # noqa: SLF001 - an org is made with its clock
    public = key.public_key()
    org.jwt_public_key = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    org.preauthorized = {username_of(org)}
