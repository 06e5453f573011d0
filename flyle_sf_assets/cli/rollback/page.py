"""What ``flyle-sf rollback`` prints: for people, and as JSON."""

from typing import Any

import msgspec
from rich.table import Table

from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.output import (
    listing,
    printable,
    raw_json,
    to_stderr,
    to_stdout,
)
from flyle_sf_assets.companies.display import shown
from flyle_sf_assets.console.labels import ROW_FIELDS
from flyle_sf_assets.store.companies.rollback import RollbackItem
from flyle_sf_assets.tenants.rollback import Rollback
from flyle_sf_assets.tenants.rollback_words import KEPT_REMEDY, LEFT_ALONE

PRINTED_MAX = 20
"""Values that a table has; ``--json`` has more."""


def json_text(done: Rollback, *, is_dry_run: bool) -> str:
    """The one JSON object of ``--json``, numbers exactly as they are stored."""
    document = {
        "tenant": done.tenant,
        "sync_id": done.sync.sync_id,
        "restored": done.companies,
        "restored_values": done.values,
        "left_alone": [_left(item) for item in done.left_alone],
        "left_alone_counts": done.left_counts,
        "rollback_sync_id": done.rollback_sync_id,
        "is_dry_run": is_dry_run,
        "is_resume": done.is_resume,
        "changes": [
            {
                "external_id": item.external_id,
                "name": item.name,
                "field": item.field,
                "old": raw_json(item.present),
                "new": raw_json(item.restored),
            }
            for item in done.restored
        ],
    }
    return msgspec.json.encode(document).decode()


def _left(item: RollbackItem) -> dict[str, Any]:
    told = LEFT_ALONE[item.reason] if item.reason else None
    return {
        "external_id": item.external_id,
        "name": item.name,
        "field": item.field,
        "reason": item.reason,
        "message": told.en if told else None,
        "message_ja": told.ja if told else None,
    }


def print_rollback(done: Rollback, labels: dict[str, str], *, is_dry_run: bool) -> None:
    """What was or would be restored, and what is left alone, by reason and with examples."""
    console = to_stdout()
    console.print(f"{done.tenant}: {_headline(done, is_dry_run=is_dry_run)}")
    if done.restored and is_dry_run:
        console.print(_restored_table(done, labels))
        _print_rest(done.values)
    if done.left_counts:
        total = f"{done.left_total:,}"
        console.print(say(f"対象外 {total} 件:", f"Left alone: {total}"))
        for reason, count in done.left_counts.items():
            console.print(f"  {count:,}  {LEFT_ALONE[reason].in_language(language())}")
        console.print(_left_table(done, labels))
        _print_rest(done.left_total)
    if done.rollback_sync_id is not None and not done.is_resume:
        console.print(KEPT_REMEDY.in_language(language()))


def _headline(done: Rollback, *, is_dry_run: bool) -> str:
    number, companies, values = done.sync.sync_id, f"{done.companies:,}", f"{done.values:,}"
    if not done.values:
        return say(
            f"同期 {number}: 戻す値はありません", f"sync {number}: there is nothing to restore"
        )
    ja, en = f"{companies} 社の値 {values} 件", f"{values} values of {companies} companies"
    if is_dry_run:
        return say(
            f"同期 {number}: {ja}を戻します(まだ何も変更していません)",
            f"sync {number}: would restore {en}; nothing was changed",
        )
    made = done.rollback_sync_id
    if done.is_resume:
        return say(
            f"同期 {number}: {ja}をSalesforceの値に戻しました(同期 {made})",
            f"sync {number}: {en} follow Salesforce again (sync {made})",
        )
    return say(
        f"同期 {number}: {ja}を戻しました(同期 {made})",
        f"sync {number}: restored {en} (sync {made})",
    )


def _restored_table(done: Rollback, labels: dict[str, str]) -> Table:
    table = _table(say("現在", "now"), say("戻す値", "restored"))
    for item in done.restored[:PRINTED_MAX]:
        table.add_row(
            printable(item.name),
            item.external_id,
            printable(_label(item, labels)),
            printable(_value(item, item.present)),
            printable(_value(item, item.restored)),
        )
    return table


def _left_table(done: Rollback, labels: dict[str, str]) -> Table:
    table = _table(say("理由", "reason"))
    for item in done.left_alone[:PRINTED_MAX]:
        table.add_row(
            printable(item.name), item.external_id, printable(_label(item, labels)), item.reason
        )
    return table


def _table(*names: str) -> Table:
    table = listing()
    for name in (say("企業", "company"), "id", say("項目", "field"), *names):
        table.add_column(name, overflow="fold")
    return table


def _print_rest(total: int) -> None:
    if total > PRINTED_MAX:
        more = f"{total - PRINTED_MAX:,}"
        to_stderr().print(say(f"ほか {more} 件", f"and {more} more"))


def _label(item: RollbackItem, labels: dict[str, str]) -> str:
    if item.field is None:
        return ""
    if item.of_row:
        return ROW_FIELDS[item.field].in_language(language())
    return labels.get(item.field, item.field)


def _value(item: RollbackItem, text: str | None) -> str:
    """As people read it; of a status only the status."""
    if item.of_row and item.field == "status" and text is not None:
        return str(msgspec.json.decode(text)["status"])
    return shown(text)
