"""An explanation in a terminal, and as the JSON object of ``--json``."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from flyle_sf_assets.cli.status_words import reason
from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.moments import local
from flyle_sf_assets.cli.terminal.output import listing, printable, shown_phrase, to_stdout
from flyle_sf_assets.console.labels import COMPANY_STATUSES, FIELD_WHYS, VERDICTS
from flyle_sf_assets.explain.explanation import Explanation


def document(made: Explanation) -> dict[str, Any]:
    """The JSON object; texts in English, and in Japanese under ``…_ja``."""
    company = made.company
    return {
        "tenant": made.tenant,
        "record_id": made.record_id,
        "object": made.object,
        "verdict": made.verdict,
        "reasons": [
            {
                "code": one.code,
                "message": one.message.en,
                "message_ja": one.message.ja,
                "remedy": one.remedy_and_command.en,
                "remedy_ja": one.remedy_and_command.ja,
            }
            for one in made.reasons
        ],
        "conditions": [
            {
                "condition": one.condition.api or one.condition.text.en,
                "condition_ja": one.condition.text.ja,
                "holds": one.holds,
                "value": one.value,
            }
            for one in made.conditions
        ],
        "company": None
        if company is None
        else {
            "external_id": company.external_id,
            "name": company.name,
            "status": company.status,
            "status_reason": company.status_reason,
        },
        "fields": [
            {
                "to": one.to,
                "from": one.source,
                "salesforce": one.salesforce,
                "flyle": one.flyle,
                "why": one.why,
                "rejected": one.rejected,
                "read_at": one.read_at.isoformat() if one.read_at else None,
            }
            for one in made.fields
        ],
        "api_calls": made.api_calls,
    }


def print_explanation(made: Explanation) -> None:
    """The verdict with reason and remedy, then conditions, then fields; fits 80 columns."""
    console = to_stdout()
    company = made.company
    known = f"{printable(company.name).plain} " if company else ""
    status = COMPANY_STATUSES[company.status].in_language(language()) if company else "-"
    console.print(f"{known}{made.record_id} ({made.object or '?'})")
    console.print(say(f"Flyleの企業: {status}", f"Company in Flyle: {status}"))
    for part in (*_reasons(made), *_conditions(made), *_fields(made)):
        console.print()
        console.print(part)


def _reasons(made: Explanation) -> Iterator[RenderableType]:
    title = VERDICTS[made.verdict].in_language(language())
    for one in made.reasons:
        remedy = one.remedy_and_command.in_language(language())
        yield reason(title, one.message.in_language(language()), remedy)


def _conditions(made: Explanation) -> Iterator[RenderableType]:
    if not made.conditions:
        return
    table = listing()
    for name in (say("条件", "condition"), say("結果", "holds"), say("値", "value")):
        table.add_column(name, overflow="fold")
    for one in made.conditions:
        holds = say("満たす", "yes") if one.holds else say("満たさない", "no")
        table.add_row(shown_phrase(one.condition), holds, printable(one.value or ""))
    yield table


def _fields(made: Explanation) -> Iterator[RenderableType]:
    if not made.fields:
        return
    table = listing(gap=1)
    for name in (say("項目", "field"), "Salesforce", "Flyle", say("状態", "state")):
        table.add_column(name, overflow="fold")
    table.add_column(say("読み込み", "read"), no_wrap=True)
    for one in made.fields:
        table.add_row(
            printable(one.label),
            printable(one.salesforce),
            printable(one.flyle),
            FIELD_WHYS[one.why].in_language(language()),
            local(one.read_at),
        )
    yield table
