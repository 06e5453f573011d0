"""What a tenant logs in with: kept encrypted, taken once, re-encrypted under a newer key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from flyle_sf_assets.errors import StoreError
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.tenants.credentials import (
    PENDING_LIVES,
    claim_pending,
    erase_secrets,
    get_secret,
    put_pending,
    put_secret,
    rotate_secrets,
    tenants_with_secrets,
)
from flyle_sf_assets.store.tenants.envelopes import KEY_FILE, SecretBox, add_key, secret_box

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
NOW = datetime(2026, 4, 1, tzinfo=UTC)
BOX = SecretBox((OLD,))


def test_a_secret_is_kept_replaced_and_erased(database: Database) -> None:
    with database.tenant("acme") as tx:
        assert get_secret(tx, BOX, "grant") is None
        put_secret(tx, BOX, "grant", "first-token", NOW)
        put_secret(tx, BOX, "grant", "second-token", NOW)
        assert get_secret(tx, BOX, "grant") == "second-token"
        stored = tx.execute("SELECT envelope FROM credentials").scalars().all()
        assert [b"second-token" in bytes(envelope) for envelope in stored] == [False]
        assert erase_secrets(tx) == 1
        assert get_secret(tx, BOX, "grant") is None


def test_another_tenant_finds_nothing(database: Database) -> None:
    with database.tenant("acme") as tx:
        put_secret(tx, BOX, "grant", "token", NOW)
        put_pending(tx, BOX, "state", "verifier", NOW)
    with database.tenant("globex") as tx:
        assert get_secret(tx, BOX, "grant") is None
        assert claim_pending(tx, BOX, "state", NOW) is None
        assert erase_secrets(tx) == 0
    with database.tenant("acme") as tx:
        assert claim_pending(tx, BOX, "state", NOW) == "verifier"


def test_what_is_pending_is_taken_once(database: Database) -> None:
    with database.tenant("acme") as tx:
        assert put_pending(tx, BOX, "state", "verifier", NOW) == NOW + PENDING_LIVES
        kinds = tx.execute("SELECT kind FROM credentials").scalars().all()
        assert "state" not in kinds[0]
        assert claim_pending(tx, BOX, "other", NOW) is None
        assert claim_pending(tx, BOX, "state", NOW) == "verifier"
        assert claim_pending(tx, BOX, "state", NOW) is None


def test_what_is_pending_expires_and_is_erased(database: Database) -> None:
    """Nobody comes back after 15 minutes; a verifier that lies about is of use to nobody else."""
    with database.tenant("acme") as tx:
        put_pending(tx, BOX, "late", "verifier", NOW)
        just_before = NOW + PENDING_LIVES - timedelta(seconds=1)
        put_pending(tx, BOX, "state", "verifier", just_before)
        assert claim_pending(tx, BOX, "late", NOW + PENDING_LIVES) is None
        put_pending(tx, BOX, "third", "verifier", just_before + PENDING_LIVES)
        assert tx.execute("SELECT count(*) FROM credentials").scalar() == 1


def test_after_a_rotation_the_old_key_may_go(database: Database) -> None:
    for tenant in ("acme", "globex"):
        with database.tenant(tenant) as tx:
            put_secret(tx, BOX, "app", f"secret of {tenant}", NOW)
            put_secret(tx, BOX, "grant", f"token of {tenant}", NOW)
    both = SecretBox((NEW, OLD))
    with database.fleet() as fleet:
        tenants = tenants_with_secrets(fleet)
    assert tenants == ("acme", "globex")
    for tenant in tenants:
        with database.tenant(tenant) as tx:
            done = rotate_secrets(tx, both)
            assert (done.rotated, done.unreadable) == (2, 0)
            assert get_secret(tx, SecretBox((NEW,)), "grant") == f"token of {tenant}"
            with pytest.raises(StoreError):
                get_secret(tx, BOX, "app")


def test_an_envelope_that_no_key_opens_is_counted_and_stays(database: Database) -> None:
    """Anyone who finds the lost key must still find the envelope."""
    with database.tenant("acme") as tx:
        put_secret(tx, BOX, "app", "secret", NOW)
        put_secret(tx, SecretBox((NEW,)), "grant", "token", NOW)
        done = rotate_secrets(tx, SecretBox((NEW,)))
        assert (done.rotated, done.unreadable) == (1, 1)
        assert get_secret(tx, BOX, "app") == "secret"


def test_a_new_key_goes_before_those_of_the_file(tmp_path: Path) -> None:
    envelope = secret_box(tmp_path, {}).seal("acme", "grant", "token")
    before = (tmp_path / KEY_FILE).read_text()
    add_key(tmp_path, {})
    after = (tmp_path / KEY_FILE).read_text().split(",")
    assert (len(after), after[1]) == (2, before)
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert secret_box(tmp_path, {}).open("acme", "grant", envelope) == "token"
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_keys_that_are_given_are_not_ours_to_add_to(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        add_key(tmp_path, {"FLYLE_SECRET_KEYS": OLD})
    assert refused.value.code == "secret_keys_given"
    assert OLD not in str(refused.value)
    assert list(tmp_path.iterdir()) == []
