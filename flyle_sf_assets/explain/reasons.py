"""The reasons of a verdict in words, with the remedy, in both languages."""

from collections.abc import Iterator, Sequence

from flyle_sf_assets.companies.reject_reasons import remedy_for
from flyle_sf_assets.errors import Text
from flyle_sf_assets.explain.explanation import ConditionAnswer, FieldAnswer, Reason

_NOTHING = Text("対処は不要です。", "Nothing to do.")
_ASK_NOW = Text("急ぐ場合は「今すぐ同期」を押してください。", "If it is urgent, use “Sync now”.")
_SYNC = "flyle-sf sync"
_RESUME = Text(
    "Salesforceで変わると更新されます。今のSalesforceの値にするには、その同期のページの"
    "「Salesforceの値に戻す」を使用してください。",
    "It is updated when it changes in Salesforce. To have Salesforce's value now, use"
    " “Follow Salesforce again” on that sync's page.",
)


def not_linked(state: str) -> Reason:
    """The tenant is not connected, or was disconnected."""
    is_ended = state == "disconnected"
    return Reason(
        "tenant_not_linked",
        Text(
            "連携が解除されているため、何も更新されません。"
            if is_ended
            else "Salesforceとまだ連携していません。",
            "The link was ended, so nothing is updated."
            if is_ended
            else "The workspace is not linked to Salesforce yet.",
        ),
        Text("設定コンソールで連携してください。", "Link it in the setup console."),
    )


def other_object(base: str, name: str | None) -> Reason:
    """The id is that of a record of another object."""
    known = name or "?"
    return Reason(
        "other_object",
        Text(
            f"このレコードは{base}ではありません({known})。企業になるのは{base}のレコードです。",
            f"This record is no {base} ({known}). Records of {base} become companies.",
        ),
        Text(
            f"{base}のレコードのIDかページのURLを指定してください。",
            f"Give the id or the page's address of a record of {base}.",
        ),
    )


def not_visible() -> Reason:
    """Salesforce does not show the record."""
    return Reason(
        "not_visible",
        Text(
            "連携ユーザーにはこのレコードが見えません。"
            "完全に削除されたか、共有設定で見えないレコードです。",
            "The connected user does not see this record: it was deleted for good, or sharing"
            " hides it.",
        ),
        Text(
            "Salesforceで連携ユーザーの権限セットと共有設定を確認してください。",
            "In Salesforce, check the connected user's permission sets and sharing.",
        ),
    )


def deleted() -> Reason:
    """It is in the Recycle Bin."""
    return Reason(
        "deleted",
        Text("Salesforceのごみ箱にあります。", "It is in Salesforce's Recycle Bin."),
        Text(
            "必要な場合はSalesforceのごみ箱から復元してください。",
            "If it is needed, restore it from the Recycle Bin in Salesforce.",
        ),
    )


def merged(winner: str | None) -> Reason:
    """It lost a merge."""
    into = winner or "?"
    return Reason(
        "merged",
        Text(
            f"Salesforceで別のレコード({into})にマージされました。",
            f"It was merged into another record ({into}) in Salesforce.",
        ),
        Text(f"{into} を調べてください。", f"Look at {into}."),
    )


def conditions_not_met(conditions: Sequence[ConditionAnswer]) -> Reason:
    """At least one condition does not hold."""
    failing = [one.condition.text for one in conditions if not one.holds]
    return Reason(
        "conditions_not_met",
        Text(
            f"条件を満たしていません: {'、'.join(one.ja for one in failing)}",
            f"It does not meet the conditions: {'; '.join(one.en for one in failing)}",
        ),
        Text(
            "Salesforceで値を直すか、設定の条件を見直してください。",
            "Correct the value in Salesforce, or review the conditions in the settings.",
        ),
    )


def rejected(code: str) -> Reason:
    """The whole row is rejected."""
    return Reason(
        f"rejected_{code}",
        Text("このレコードは取り込めません。", "This record cannot become a company."),
        remedy_for(code, None),
    )


def not_yet_synced(*, is_held: bool) -> Reason:
    """It meets the conditions and comes with the next sync, or once a held change is released."""
    if is_held:
        return Reason(
            "held",
            Text(
                "大量の変更を保留しているため、まだ取り込まれていません。",
                "It has not arrived, because a change of many companies is held.",
            ),
            Text(
                "保留中の変更を確認してください。",
                "Look at the held change.",
            ),
        )
    return Reason(
        "not_yet_synced",
        Text(
            "条件を満たしています。次の同期で取り込まれます。",
            "It meets the conditions, and arrives with the next sync.",
        ),
        _ASK_NOW,
        _SYNC,
    )


def of_fields(fields: Sequence[FieldAnswer]) -> Iterator[Reason]:
    """Why values of a linked company differ, one reason for each kind; else that all agree."""
    found = {one.why for one in fields} - {"same"}
    if not found:
        yield Reason(
            "linked",
            Text(
                "企業として連携されていて、値はSalesforceと一致しています。",
                "It is linked, and its values are those of Salesforce.",
            ),
            _NOTHING,
        )
    for why, (message, remedy) in _DIFFERENCES.items():
        if why in found:
            labels = [one.label for one in fields if one.why == why]
            yield Reason(
                why,
                Text(f"{message.ja}: {'、'.join(labels)}", f"{message.en}: {', '.join(labels)}"),
                remedy,
                _SYNC if remedy is _ASK_NOW else None,
            )


def values_rolled_back(tenant: str, sync_id: int, labels: Sequence[Text]) -> Reason:
    """A rollback keeps these values."""
    return Reason(
        "rolled_back",
        Text(
            f"同期 {sync_id} を元に戻したため、前の値を維持しています:"
            f" {'、'.join(one.ja for one in labels)}",
            f"Sync {sync_id} was rolled back, so the earlier value stays:"
            f" {', '.join(one.en for one in labels)}",
        ),
        _RESUME,
        f"flyle-sf rollback {tenant} {sync_id} --resume",
    )


def status_rolled_back(tenant: str, sync_id: int) -> Reason:
    """A rollback keeps the company's status."""
    return Reason(
        "rolled_back",
        Text(
            f"同期 {sync_id} を元に戻したため、企業は前の状態のままです。",
            f"Sync {sync_id} was rolled back, so the company keeps its earlier status.",
        ),
        _RESUME,
        f"flyle-sf rollback {tenant} {sync_id} --resume",
    )


_DIFFERENCES = {
    "not_refreshed_yet": (
        Text(
            "前回の同期のあとにSalesforceで変わりました",
            "Changed in Salesforce since the last sync",
        ),
        _ASK_NOW,
    ),
    "rejected": (
        Text(
            "値を取り込めないため、前の値が残っています",
            "The value is not accepted, so the last good one stays",
        ),
        Text(
            "「取り込めなかった値」の対処に従ってください。",
            "Follow the remedy in the list of rejected values.",
        ),
    ),
    "kept_when_blank": (
        Text(
            "Salesforceでは空ですが、設定により前の値を残しています",
            "Blank in Salesforce; the settings keep the last value",
        ),
        _NOTHING,
    ),
    "frozen": (
        Text("連携が終わった企業のため更新されません", "The company is not updated any more"),
        _NOTHING,
    ),
    "held": (
        Text("大量の変更を保留しています", "A change of many companies is held"),
        Text("保留中の変更を確認してください。", "Look at the held change."),
    ),
}
