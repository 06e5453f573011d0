"""A key pair whose public half an org's app holds: for logins by signed assertion."""

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from flyle_sf_assets_tests.salesforce.room import Room


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """The private half as settings refer to it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def username(room: Room) -> str:
    """The connected user's."""
    return str(room.there.record("User", room.there.connected_user_id)["Username"])


def certify(room: Room, key: rsa.RSAPrivateKey) -> None:
    """The app holds the key's certificate and is approved for the connected user."""
    public = key.public_key()
    room.there.jwt_public_key = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    room.there.preauthorized = {username(room)}
