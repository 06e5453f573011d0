"""A mass change that is held: what the link and its people are told, the approval, and the end.

What does not belong here: when a change is held (``sync/load/mass_change_guard.py``).
"""

from datetime import datetime

from flyle_sf_assets.companies.guard import Loss, MassChange, is_approved
from flyle_sf_assets.errors import HeldForApproval, NotFound, Text, sentences
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.store.companies.held_changes import (
    HeldChange,
    delete_held,
    get_held,
    put_approval,
    put_held,
)
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.tenants.links import (
    Attention,
    clear_attention,
    clear_failure,
    locked_link,
    record_held,
    replace_attention,
)
from flyle_sf_assets.store.tenants.notices import add_notice
from flyle_sf_assets.tenants.api_budget import forget_postponed
from flyle_sf_assets.tenants.outage import forget_outage

HELD = "mass_change_held"
"""The code of the error and of the items that need a person."""

EXAMPLES_TOLD = 3

_TITLE = Text("多数の企業の変更を保留しています", "A change of many companies is held")
_UNCHANGED = Text(
    "企業データは変更していません。Salesforceの読み込みは続けています",
    "No company was changed. Salesforce goes on being read",
)


class MassChangeHeld(HeldForApproval):
    """What a refresh would take away is above the guard's limits; no company was changed.

    ``change`` are the numbers, ``kind`` is that of the refresh and ``inputs`` a digest of what
    they were counted from.
    """

    change: MassChange
    kind: str
    inputs: str


def held_error(tenant: str, change: MassChange, *, kind: str, inputs: str) -> MassChangeHeld:
    """The error that ends a refresh; it has counts and field keys, but no value of a company."""
    error = MassChangeHeld(
        HELD,
        tried=Text(
            f"テナント {tenant} の企業を更新しようとしました",
            f"Tried to update the companies of {tenant}",
        ),
        came_back=sentences(change.text, Text("企業は変更していません", "No company was changed")),
        remedy=_remedy(tenant),
    )
    error.change, error.kind, error.inputs = change, kind, inputs
    return error


def keep_held(
    tx: TenantTransaction, error: MassChangeHeld, *, sync_id: int, now: datetime, due_at: datetime
) -> None:
    """Stores the held change and tells people; one notice as long as it is the same matter.

    Reading worked: the link does not fail any more, or wait for the API budget. A disconnected link
    stays disconnected.
    """
    if locked_link(tx).state == "disconnected":
        return
    before = get_held(tx)
    if before is not None and before.is_approved and _covers(before.change, error.change):
        # Approved while this refresh was at work: the next one applies it, at once.
        record_held(tx, now, now)
        return
    put_held(tx, error.change, sync_id=sync_id, kind=error.kind, inputs=error.inputs, now=now)
    record_held(tx, now, due_at)
    clear_failure(tx)
    forget_outage(tx)
    forget_postponed(tx)
    items = [_attention(tx.tenant_id, error.change, loss) for loss in error.change.losses]
    replace_attention(tx, (HELD,), items, now)
    # Approved numbers that were exceeded are news; numbers that drift while it waits are not.
    if before is None or before.is_approved:
        add_notice(tx, "held", _TITLE, _told(error.change), now)


def _covers(approved: MassChange, found: MassChange) -> bool:
    return is_approved(found.losses, approved.losses)


def release_held(tx: TenantTransaction, held: HeldChange, now: datetime, *, applied: bool) -> None:
    """In the transaction that commits the companies: nothing is held any more, and people know.

    ``applied``: a person had approved it; else it is not there any more.
    """
    delete_held(tx)
    clear_attention(tx, HELD)
    title, text = _APPLIED if applied else _CLEARED
    if applied and held.approved_by:
        by = held.approved_by
        text = sentences(text, Text(f"承認した人: 「{by}」", f"Approved by “{by}”"))
    add_notice(tx, "recovered", title, text, now)


def forget_held(tx: TenantTransaction) -> None:
    """For a link that ends: what was held concerned companies that are not linked any more."""
    delete_held(tx)
    clear_attention(tx, HELD)


def approve_held(
    installation: Installation,
    tenant: str,
    *,
    by: str,
    fingerprint: str | None = None,
    clock: Clock = utc_now,
) -> HeldChange:
    """Approves the held change: the tenant's next refresh applies it. Returns what was approved.

    ``by`` is who approves, ``fingerprint`` names the numbers that the person saw. Raises NotFound
    ``nothing_held``, and HeldForApproval ``held_change_moved`` when the numbers are others now.
    """
    tried = Text(
        f"テナント {tenant} の保留中の変更を承認しようとしました",
        f"Tried to approve what is held for {tenant}",
    )
    with installation.database.tenant(tenant) as tx:
        locked_link(tx)
        held = get_held(tx)
        if held is None:
            raise NotFound(
                "nothing_held",
                tried=tried,
                came_back=Text("保留中の変更はありません", "Nothing is held"),
                remedy=Text(
                    "承認するものはありません。状態は flyle-sf status で確認できます",
                    "There is nothing to approve; flyle-sf status shows the state",
                ),
            )
        if fingerprint is not None and held.change.fingerprint != fingerprint:
            raise HeldForApproval(
                "held_change_moved",
                tried=tried,
                came_back=Text(
                    f"件数が変わりました: {held.change.text.ja}",
                    f"The numbers have changed since: {held.change.text.en}",
                ),
                remedy=Text(
                    "今の件数を確認してから承認してください",
                    "Look at the numbers of now, then approve them",
                ),
            )
        put_approval(tx, by=by, now=clock())
        return held


_APPLIED = (
    Text("承認された変更を反映しました", "The approved change was applied"),
    Text(
        "保留していた変更を、承認に従って企業に反映しました。",
        "What was held is applied to the companies, as it was approved.",
    ),
)
_CLEARED = (
    Text("保留を解除しました", "Nothing is held any more"),
    Text(
        "保留していた変更は上限を超えなくなりました。更新は通常どおり続きます。",
        "What was held is not above the limits any more. Updates go on as usual.",
    ),
)


HELD_REMEDY = Text(
    "誤った変更なら、Salesforceで元に戻してください。次の更新で保留は自動的に解除されます。"
    "正しい変更なら、コンソールの「保留中の変更」で承認してください",
    "If it is a mistake, put it right in Salesforce: the next refresh then clears this. If it is"
    " meant, approve it on the console's page Held change",
)
"""What an administrator does, who has no terminal."""


def _remedy(tenant: str) -> Text:
    return Text(
        "誤った変更なら、Salesforceで元に戻してください。次の更新で保留は自動的に解除されます。"
        "正しい変更なら、コンソールの「保留中の変更」か"
        f" flyle-sf approve {tenant} で承認してください",
        "If it is a mistake, put it right in Salesforce: the next refresh then clears this. If it"
        f" is meant, approve it in the console or by flyle-sf approve {tenant}",
    )


def _attention(tenant: str, change: MassChange, loss: Loss) -> Attention:
    examples = _examples(change, loss)
    return Attention(
        HELD,
        None,
        loss.field,
        Text(
            f"{_TITLE.ja}: {loss.text.ja}。例: {examples.ja}",
            f"{_TITLE.en}: {loss.text.en}. Examples: {examples.en}",
        ),
        _remedy(tenant),
    )


def _examples(change: MassChange, loss: Loss) -> Text:
    found = change.examples_of(loss)[:EXAMPLES_TOLD]
    return Text(
        ", ".join(f"「{one.name}」({one.external_id})" for one in found),
        ", ".join(f"“{one.name}” ({one.external_id})" for one in found),
    )


def _told(change: MassChange) -> Text:
    examples = [_examples(change, one) for one in change.losses]
    losses = list(zip(change.losses, examples, strict=True))
    ending = sentences(_UNCHANGED, HELD_REMEDY)
    return Text(
        "\n".join((*(f"{loss.text.ja}。例: {shown.ja}" for loss, shown in losses), ending.ja)),
        "\n".join(
            (*(f"{loss.text.en}. Examples: {shown.en}" for loss, shown in losses), ending.en)
        ),
    )
