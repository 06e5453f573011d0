"""The rules of the ``connection`` part: My Domain, secrets by reference, what a flow needs."""

import re
from collections.abc import Iterable, Iterator, Mapping

from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.settings.hosts import is_allowed
from flyle_sf_assets.settings.pattern_texts import too_long
from flyle_sf_assets.settings.patterns import ENV_NAME_PATTERN, ORG_URL_PATTERN, PATH_CHARACTERS_MAX
from flyle_sf_assets.settings.wording import named_value

SECRET_KEYS = ("consumer_key", "consumer_secret", "private_key")

NEEDED_BY_FLOW: Mapping[str, tuple[str, ...]] = {
    "client_credentials": ("consumer_key", "consumer_secret"),
    "jwt_bearer": ("consumer_key", "username", "private_key"),
}
"""web_server needs neither: an administrator may have entered both in the console."""

_UNUSED_BY_FLOW: Mapping[str, tuple[str, ...]] = {
    "web_server": ("username", "private_key"),
    "client_credentials": ("username", "private_key"),
    "jwt_bearer": ("consumer_secret",),
}
_SECRET_LENGTH_MIN = 40


def connection_problems(
    connection: Mapping[str, object], extra_hosts: Iterable[str] = ()
) -> Iterator[Problem]:
    """Every broken rule of the connection; no problem repeats what may be a secret.

    ``extra_hosts`` are entries of ``FLYLE_SF_EXTRA_HOSTS``.
    """
    yield from _org(connection, extra_hosts)
    for key in SECRET_KEYS:
        if key in connection:
            yield from _secret(f"connection.{key}", connection[key])
    yield from _flow(connection)


def _org(connection: Mapping[str, object], extra_hosts: Iterable[str]) -> Iterator[Problem]:
    url, flow = connection.get("org_url"), connection.get("flow")
    if not isinstance(url, str):
        return
    host = re.sub(r"^https?://", "", url).split("/")[0].split(":")[0].lower()
    is_page = host.endswith(".lightning.force.com")
    is_shared_login = host in ("login.salesforce.com", "test.salesforce.com")
    if is_page or (is_shared_login and flow == "client_credentials"):
        yield Problem(
            "org_url_not_my_domain",
            "connection.org_url",
            Text(
                f"「{host}」は組織の「私のドメイン」のURLではありません。",
                f'"{host}" is not the org\'s My Domain URL.',
            ),
            Text(
                "Salesforceの「設定」>「私のドメイン」に表示されるURL"
                "(例: https://acme.my.salesforce.com)を書いてください。",
                "Write the URL shown in Setup > My Domain, such as https://acme.my.salesforce.com.",
            ),
        )
    elif re.fullmatch(ORG_URL_PATTERN, url) and not is_allowed(url, extra_hosts):
        shown = named_value("connection.org_url", url)
        yield Problem(
            "org_url_not_allowed",
            "connection.org_url",
            Text(
                f"{shown.ja}はSalesforceのホストではありません。",
                f"{shown.en} is not a Salesforce host.",
            ),
            Text(
                "組織の「私のドメイン」のURL(例: https://acme.my.salesforce.com)を書いてください。"
                "それ以外のホストは FLYLE_SF_EXTRA_HOSTS に登録が必要です。",
                "Write the org's My Domain URL, such as https://acme.my.salesforce.com; any other"
                " host must be listed in FLYLE_SF_EXTRA_HOSTS.",
            ),
        )


def _secret(path: str, value: object) -> Iterator[Problem]:
    """A secret must be a reference. A value written in its place is never repeated."""
    key = path.rsplit(".", 1)[-1]
    example = f"{key}: {{env: ACME_SF_{'KEY' if key.endswith('key') else 'SECRET'}}}"
    reference = Text(
        f"「{example}」または「{key}: {{file: パス}}」のように、置き場所を書いてください。",
        f"Write where it is kept: {example} or {key}: {{file: PATH}}.",
    )
    if value is None:
        text = Text(f"「{path}」の値が空です。", f"{path} has no value.")
        yield Problem("empty_value", path, text, reference)
    elif not isinstance(value, dict):
        yield _written_directly(path, reference)
    elif len(value) != 1 or next(iter(value)) not in ("env", "file"):
        text = Text(
            f"{key} には env か file のどちらか一つだけを書いてください。",
            f"{key} takes exactly one of env and file.",
        )
        yield Problem("secret_ref_invalid", path, text, reference)
    else:
        where, place = next(iter(value.items()))
        yield from _secret_place(path, str(where), place, reference)


def _secret_place(path: str, where: str, place: object, reference: Text) -> Iterator[Problem]:
    if not isinstance(place, str) or not place.strip():
        text = Text(
            f"{where} の値が空か、文字列ではありません。", f"{where} is empty, or is not text."
        )
        yield Problem("secret_ref_invalid", f"{path}.{where}", text, reference)
    elif _looks_like_a_secret(where, place):
        yield _written_directly(f"{path}.{where}", reference)
    elif where == "file" and len(place) > PATH_CHARACTERS_MAX:
        yield too_long(f"{path}.file", place, PATH_CHARACTERS_MAX)
    elif where == "file" and not place.startswith(("/", "~")):
        yield Problem(
            "secret_file_relative",
            f"{path}.file",
            Text(
                "ファイルの場所が相対パスで書かれています。起動した場所によって別のファイルを指します。",
                "The file's path is relative: it depends on where the program is started.",
            ),
            Text("絶対パスで書いてください。", "Write an absolute path."),
            severity="warning",
        )


def _looks_like_a_secret(where: str, place: str) -> bool:
    """The form of a pasted key; a variable's name or a path never has it."""
    if where == "file":
        return "-----BEGIN" in place or re.search(r"[\x00-\x1f]", place) is not None
    if re.search(ENV_NAME_PATTERN, place) is None or place.endswith("\n"):
        return True
    return len(place) >= _SECRET_LENGTH_MIN and "_" not in place


def _written_directly(path: str, reference: Text) -> Problem:
    return Problem(
        "secret_written_directly",
        path,
        Text(
            "秘密の値そのものがファイルに書かれているようです(ここには表示しません)。",
            "The secret itself seems to stand in the file (it is not shown here).",
        ),
        Text(
            f"{reference.ja}すでに共有・保存されたファイルであれば、"
            "Salesforceで値を発行し直してください。",
            f"{reference.en} If the file was shared or committed, rotate the secret in Salesforce.",
        ),
    )


def _flow(connection: Mapping[str, object]) -> Iterator[Problem]:
    flow = connection.get("flow")
    if not isinstance(flow, str):
        return
    for key in NEEDED_BY_FLOW.get(flow, ()):
        if key not in connection:
            yield Problem(
                "missing_key",
                f"connection.{key}",
                Text(
                    f"flow: {flow} には connection.{key} が必要です。",
                    f"flow: {flow} needs connection.{key}.",
                ),
                Text(f"{key} を書いてください。", f"Add {key}."),
            )
    for key in _UNUSED_BY_FLOW.get(flow, ()):
        if key in connection:
            yield Problem(
                "unused_key",
                f"connection.{key}",
                Text(
                    f"connection.{key} は flow: {flow} では使われません。",
                    f"connection.{key} is not used with flow: {flow}.",
                ),
                Text(
                    "不要であれば消してください。flow が正しいかもご確認ください。",
                    "Remove it, or check that the flow is the right one.",
                ),
                severity="warning",
            )
