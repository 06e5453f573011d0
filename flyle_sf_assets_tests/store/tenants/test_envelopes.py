"""Secrets: readable only with the key, and only for the tenant whose they are."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from flyle_sf_assets.errors import StoreError
from flyle_sf_assets.store.tenants.envelopes import SecretBox, secret_box
from flyle_sf_assets_tests.processes import line_of, python, tell

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))

SEAL = """
import sys
from pathlib import Path
from flyle_sf_assets.store.tenants.envelopes import secret_box
sys.stdin.readline()
print(secret_box(Path(sys.argv[1]), {}).seal("acme", "token", "s").decode(), flush=True)
"""


def test_a_secret_comes_back_for_its_own_tenant_and_purpose() -> None:
    """And nothing of it can be read in the envelope."""
    box = SecretBox((NEW,))
    envelope = box.seal("acme", "refresh_token", "秘密 s3cret")
    assert box.open("acme", "refresh_token", envelope) == "秘密 s3cret"
    assert b"s3cret" not in envelope


@pytest.mark.parametrize(("tenant", "kind"), [("other", "token"), ("acme", "secret")])
def test_an_envelope_moved_to_another_place_does_not_open(tenant: str, kind: str) -> None:
    """Anyone who can write to the table must not get one tenant to use another's token."""
    box = SecretBox((NEW,))
    with pytest.raises(StoreError) as refused:
        box.open(tenant, kind, box.seal("acme", "token", "s3cret"))
    assert refused.value.code == "secret_misplaced"
    assert "s3cret" not in str(refused.value)


def test_keys_rotate_without_losing_what_was_sealed() -> None:
    """The newest key seals, every key opens; after rotation the old one may go."""
    envelope = SecretBox((OLD,)).seal("acme", "token", "s")
    both = SecretBox((NEW, OLD))
    assert both.open("acme", "token", envelope) == "s"
    rotated = both.rotate(envelope)
    assert SecretBox((NEW,)).open("acme", "token", rotated) == "s"
    with pytest.raises(StoreError) as refused:
        SecretBox((NEW,)).open("acme", "token", envelope)
    assert refused.value.code == "secret_unreadable"


def test_a_bad_key_is_refused_without_showing_it() -> None:
    """It is most of a good key."""
    with pytest.raises(StoreError) as refused:
        SecretBox((OLD[:-5],))
    assert OLD[:20] not in str(refused.value)
    assert OLD not in repr(SecretBox((OLD,)))


def test_keys_come_from_the_environment_first(tmp_path: Path) -> None:
    """Several, newest first; then no file is made."""
    box = secret_box(tmp_path, {"FLYLE_SECRET_KEYS": f" {NEW} , {OLD}"})
    assert box.open("a", "b", SecretBox((OLD,)).seal("a", "b", "s")) == "s"
    assert list(tmp_path.iterdir()) == []


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """Processes that start at once must end up with the same key, or one's tokens are lost."""
    with python(SEAL, str(tmp_path)) as one, python(SEAL, str(tmp_path)) as two:
        tell(one)
        tell(two)
        envelopes = [line_of(one).encode(), line_of(two).encode()]
    box = secret_box(tmp_path, {})
    assert [box.open("acme", "token", envelope) for envelope in envelopes] == ["s", "s"]
    (made,) = tmp_path.iterdir()
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
