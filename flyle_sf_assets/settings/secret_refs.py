"""Secrets that the settings refer to, resolved when they are used."""

import os
from pathlib import Path

from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.settings.file_reading import read_bounded, shown_name
from flyle_sf_assets.settings.models import SecretRef

SECRET_BYTES_MAX = 100_000


def reveal(ref: SecretRef) -> str:
    """The secret itself, without surrounding blanks.

    Raises NotConnected when the variable or file is missing, unreadable or empty; the error
    names the variable or file, never its content.
    """
    if ref.env is not None and ref.file is None:
        return _from_environment(ref.env)
    if ref.file is not None and ref.env is None:
        return _from_file(ref.file)
    raise NotConnected(
        "secret_ref_invalid",
        tried=Text(
            "接続に使う秘密の値を見つけようとしました", "Tried to find a secret of the connection"
        ),
        came_back=Text(
            "env と file のどちらか一方だけが書かれている必要があります",
            "the settings name not exactly one of env and file",
        ),
        remedy=Text(
            "{env: 変数名} か {file: パス} のどちらか一つを書いてください。",
            "Write exactly one of {env: NAME} and {file: PATH}.",
        ),
    )


def _from_environment(name: str) -> str:
    secret = os.environ.get(name, "").strip()
    if secret:
        return secret
    raise NotConnected(
        "secret_missing",
        tried=Text(
            f"環境変数 {name} から秘密の値を読み込もうとしました",
            f"Tried to read a secret from the environment variable {name}",
        ),
        came_back=Text("値が空です", "It is empty")
        if name in os.environ
        else Text("設定されていません", "It is not set"),
        remedy=Text(
            f"このプロセスの環境変数 {name} に値を設定して、もう一度実行してください。",
            f"Set {name} in the environment of this process and try again.",
        ),
    )


def _from_file(written: str) -> str:
    path = _expanded(written)
    shown = shown_name(str(path))
    tried = Text(
        f"ファイル {shown} から秘密の値を読み込もうとしました",
        f"Tried to read a secret from the file {shown}",
    )
    remedy = Text(
        f"{shown} を、このプロセスが読める、秘密の値だけを書いたUTF-8のファイルにしてください。",
        f"Let {shown} be a UTF-8 file that this process may read and that holds just the secret.",
    )
    try:
        content = read_bounded(path, SECRET_BYTES_MAX)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise NotConnected(
            "secret_missing", tried=tried, came_back=Text.quoted(reason), remedy=remedy
        ) from None
    try:
        secret = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        # Not chained: the decoder's error carries the file's bytes.
        secret, came_back = "", Text("UTF-8 の文字列ではありません", "It is not UTF-8 text")
    else:
        came_back = Text("ファイルが空です", "The file is empty")
    if secret:
        return secret
    raise NotConnected("secret_missing", tried=tried, came_back=came_back, remedy=remedy)


def _expanded(written: str) -> Path:
    """The path with ``~`` expanded; as written when the home directory is not known."""
    path = Path(written)
    try:
        return path.expanduser()
    except RuntimeError:
        return path
