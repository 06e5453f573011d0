"""Secrets by reference: found, trimmed, or a clear error that names the place and no value."""

import pickle
from pathlib import Path

import pytest

from flyle_sf_assets.errors import NotConnected
from flyle_sf_assets.settings.models import SecretRef
from flyle_sf_assets.settings.secret_refs import reveal


def test_a_secret_from_the_environment_is_trimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets are pasted with a newline behind them."""
    monkeypatch.setenv("ACME_SF_SECRET", "  s3cret\n")
    assert reveal(SecretRef(env="ACME_SF_SECRET")) == "s3cret"


def test_a_secret_from_a_file_keeps_its_inner_lines(tmp_path: Path) -> None:
    """A private key has many lines; a byte order mark is not part of it."""
    path = tmp_path / "key.pem"
    path.write_bytes(b"\xef\xbb\xbf-----BEGIN-----\nabc\n-----END-----\n\n")
    assert reveal(SecretRef(file=str(path))) == "-----BEGIN-----\nabc\n-----END-----"


def test_a_file_below_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``~`` is what people write."""
    (tmp_path / "secret").write_text("s3cret", "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert reveal(SecretRef(file="~/secret")) == "s3cret"


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """An empty variable is as missing as one that is not set."""
    monkeypatch.delenv("ACME_SF_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("ACME_SF_SECRET", value)
    with pytest.raises(NotConnected) as raised:
        reveal(SecretRef(env="ACME_SF_SECRET"))
    assert raised.value.exit_code == 4
    assert "ACME_SF_SECRET" in raised.value.remedy.ja
    assert "ACME_SF_SECRET" in raised.value.remedy.en


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfeSup3rS3cr3t", b"x" * 100_001])
def test_a_file_without_a_secret_is_named_and_its_bytes_are_not(
    tmp_path: Path, content: bytes | None
) -> None:
    """Missing, empty, not text, or far too long (a core dump at that path, say)."""
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NotConnected) as raised:
        reveal(SecretRef(file=str(path)))
    error = raised.value
    assert str(path) in error.tried.en
    assert "Sup3r" not in f"{error} {error.__cause__!r}"
    assert pickle.loads(pickle.dumps(error)).code == "secret_missing"  # noqa: S301 - our own bytes


def test_a_folder_is_no_secret(tmp_path: Path) -> None:
    """The path's type is told, not raised as it is."""
    with pytest.raises(NotConnected):
        reveal(SecretRef(file=str(tmp_path)))


@pytest.mark.parametrize("ref", [SecretRef(), SecretRef(env="A", file="/b")])
def test_a_reference_to_none_or_two_places_is_refused(ref: SecretRef) -> None:
    """The loader refuses these; a document from elsewhere may still hold one."""
    with pytest.raises(NotConnected):
        reveal(ref)
