"""Encrypts secrets for the database: an envelope opens only for its own tenant.

Fernet (AES-128-CBC with HMAC-SHA256) with several keys: the first encrypts, all decrypt.
Source: cryptography's documentation, "Fernet", `MultiFernet`.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from flyle_sf_assets import private_files
from flyle_sf_assets.errors import StoreError, Text

KEYS_VARIABLE = "FLYLE_SECRET_KEYS"
KEY_FILE = "secret.keys"


class SecretBox:
    """Seals and opens secrets; ``keys`` are Fernet keys, newest first. Never shows a key."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            # The cause does not quote the key, but its traceback's frames have it.
            raise _refused(
                "secret_keys_invalid",
                Text(
                    f"{KEYS_VARIABLE} に鍵 (32バイト、base64url) ではない値があります",
                    f"{KEYS_VARIABLE} holds something that is not a key (32 bytes, base64url)",
                ),
                Text(
                    "python -c 'from cryptography.fernet import Fernet;"
                    " print(Fernet.generate_key().decode())' で作成した値を使用してください",
                    "Use a value made by python -c 'from cryptography.fernet import Fernet;"
                    " print(Fernet.generate_key().decode())'",
                ),
            ) from None

    def __repr__(self) -> str:
        return "SecretBox(***)"

    def seal(self, tenant_id: str, kind: str, secret: str) -> bytes:
        """The envelope of a tenant's secret; ``kind`` says which one it is."""
        inside = json.dumps([tenant_id, kind, secret], ensure_ascii=False)
        return self._fernet.encrypt(inside.encode())

    def open(self, tenant_id: str, kind: str, envelope: bytes) -> str:
        """The secret. Raises StoreError for an unknown key, or another tenant's envelope."""
        try:
            inside = json.loads(self._fernet.decrypt(envelope))
        except InvalidToken:
            raise _refused(
                "secret_unreadable",
                Text("どの鍵でも開けません", "no key opens it"),
                Text(
                    f"以前の鍵を{KEYS_VARIABLE}の末尾に加えるか、接続し直してください",
                    f"Add the former key at the end of {KEYS_VARIABLE}, or connect again",
                ),
            ) from None
        if inside[:2] != [tenant_id, kind]:
            raise _refused(
                "secret_misplaced",
                Text(
                    "別のテナントまたは用途のための秘密情報です",
                    "the envelope was sealed for another tenant or purpose",
                ),
                Text("接続し直してください", "Connect again"),
            )
        return str(inside[2])

    def rotate(self, envelope: bytes) -> bytes:
        """The same content under the newest key."""
        return self._fernet.rotate(envelope)

    def rotated(self, envelope: bytes) -> bytes | None:
        """As `rotate`; None when no key opens it."""
        try:
            return self.rotate(envelope)
        except InvalidToken:
            return None


def secret_box(home: Path, environment: Mapping[str, str] = os.environ) -> SecretBox:
    """The box of this installation: keys from FLYLE_SECRET_KEYS, else from FLYLE_HOME.

    The file is created once, with mode 0600; simultaneous processes use the same key.
    """
    given = environment.get(KEYS_VARIABLE, "").strip()
    text = given or _key_file(home / KEY_FILE)
    return SecretBox(tuple(key.strip() for key in text.split(",") if key.strip()))


def add_key(home: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Inserts a new key before those of FLYLE_HOME's file and returns the file's path.

    Raises StoreError when the keys come from FLYLE_SECRET_KEYS: its operator adds keys there.
    """
    if environment.get(KEYS_VARIABLE, "").strip():
        raise _refused(
            "secret_keys_given",
            Text(f"鍵は {KEYS_VARIABLE} で指定されています", f"the keys come from {KEYS_VARIABLE}"),
            Text(
                f"{KEYS_VARIABLE}の先頭に新しい鍵を加え、--new-keyなしで実行してください",
                f"Put a new key first in {KEYS_VARIABLE} and run it without --new-key",
            ),
        )
    path = home / KEY_FILE
    keys = _key_file(path)
    descriptor, written = tempfile.mkstemp(dir=home, prefix=".key-")  # mode 0600
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{Fernet.generate_key().decode()},{keys}")
        file.flush()
        os.fsync(file.fileno())
    Path(written).replace(path)
    return path


def _key_file(path: Path) -> str:
    return made_once(path, Fernet.generate_key())


def made_once(path: Path, content: bytes) -> str:
    """The text of a file of mode 0600; it is created with ``content`` when it does not exist."""
    if not path.exists():
        private_files.make_folder(path.parent)
        descriptor, written = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # A link is atomic, and never replaces another process' key.
            with contextlib.suppress(FileExistsError):
                os.link(written, path)
        finally:
            Path(written).unlink()
    return path.read_text(encoding="ascii")


def _refused(code: str, came_back: Text, remedy: Text) -> StoreError:
    return StoreError(
        code,
        tried=Text(
            "保管した秘密情報を読み書きしようとしました", "Tried to read or write a stored secret"
        ),
        came_back=came_back,
        remedy=remedy,
    )
