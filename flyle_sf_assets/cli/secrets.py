"""``flyle-sf secrets rotate``: all stored secrets encrypted again, under the newest key."""

from flyle_sf_assets.cli.opening import installation
from flyle_sf_assets.cli.terminal.language import language
from flyle_sf_assets.cli.terminal.output import to_stdout
from flyle_sf_assets.errors import StoreError, Text
from flyle_sf_assets.store.tenants.credentials import rotate_secrets, tenants_with_secrets
from flyle_sf_assets.store.tenants.envelopes import KEYS_VARIABLE, add_key


def run_rotate(*, new_key: bool) -> None:
    """Re-encrypts the envelopes of all tenants, one tenant per transaction.

    Raises StoreError ``secret_unreadable`` at the end when no key opens some of them; the others
    are rotated anyway.
    """
    unreadable: list[str] = []
    rotated = 0
    with installation() as opened:
        if new_key:
            path = add_key(opened.environment.home)
            to_stdout().print(f"{path}: +1")
        with opened.database.fleet() as fleet:
            tenants = tenants_with_secrets(fleet)
        box = opened.secrets
        for tenant in tenants:
            with opened.database.tenant(tenant) as tx:
                done = rotate_secrets(tx, box)
            rotated += done.rotated
            unreadable += [tenant] if done.unreadable else []
    said = Text(
        f"{len(tenants):,}テナントの{rotated:,}件を最新の鍵で暗号化し直しました。"
        "古い鍵は不要になりました",
        f"{rotated:,} secrets of {len(tenants):,} tenants are under the newest key now; the older"
        " keys are not needed any more",
    )
    if unreadable:
        raise StoreError(
            "secret_unreadable",
            tried=Text("秘密情報を暗号化し直そうとしました", "Tried to encrypt the secrets again"),
            came_back=Text(
                f"{rotated:,}件は完了しました。一部を開ける鍵がありません: {', '.join(unreadable)}",
                f"{rotated} done; no key opens some of {', '.join(unreadable)}",
            ),
            remedy=Text(
                f"以前の鍵を{KEYS_VARIABLE}の末尾に加えて再実行するか、そのテナントを接続し直してください",
                f"Add the former key at the end of {KEYS_VARIABLE} and run it again, or connect"
                " these tenants again",
            ),
        )
    to_stdout().print(said.in_language(language()))
