"""The rules of a settings document beyond the types and patterns of the models.

Every rule reads the plain document and skips values of a wrong type: those are reported
elsewhere, and one mistake must not hide another.
"""

import zoneinfo
from collections.abc import Iterable, Iterator, Mapping

from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.settings.condition_rules import condition_problems
from flyle_sf_assets.settings.connection_rules import connection_problems
from flyle_sf_assets.settings.models import ELIGIBLE_PLANS
from flyle_sf_assets.settings.wording import item_path, listed, named_value, nearest, quoted

_STANDARD_RELATIONSHIPS = frozenset(
    {"account", "owner", "parent", "createdby", "lastmodifiedby", "recordtype"}
)


def problems(document: Mapping[str, object], extra_hosts: Iterable[str] = ()) -> Iterator[Problem]:
    """Every broken rule of one document; paths but no lines.

    ``extra_hosts`` are entries of ``FLYLE_SF_EXTRA_HOSTS``: hosts allowed besides Salesforce's.
    """
    yield from _plan(document)
    yield from _time_zone(document)
    connection = document.get("connection")
    if isinstance(connection, dict):
        yield from connection_problems(connection, extra_hosts)
    source = document.get("source")
    if isinstance(source, dict):
        yield from condition_problems(source)
        yield from _one_to_one(source, _written_paths(document, source))
    yield from _mapping(document)


def _plan(document: Mapping[str, object]) -> Iterator[Problem]:
    plan = document.get("plan")
    if isinstance(plan, str) and plan not in ELIGIBLE_PLANS:
        shown = quoted(plan)
        near = nearest(plan, ELIGIBLE_PLANS, limit=1)
        yield Problem(
            "plan_not_eligible",
            "plan",
            Text(
                f"{shown.ja}プランではSalesforce連携をご利用いただけません。"
                "「エンタープライズプラン」「プロフェッショナルプラン」でご利用いただける機能です。",
                f"The plan {shown.en} does not include the Salesforce link; "
                "Enterprise and Professional do.",
            ),
            Text(
                f"もしかして「{near[0]}」ですか。"
                if near
                else f"plan には {listed(ELIGIBLE_PLANS)} のいずれかを書いてください。",
                f'Did you mean "{near[0]}"?'
                if near
                else f"Allowed for plan: {listed(ELIGIBLE_PLANS)}.",
            ),
        )


def _time_zone(document: Mapping[str, object]) -> Iterator[Problem]:
    zone = document.get("time_zone")
    if not isinstance(zone, str) or _is_time_zone(zone):
        return
    shown = quoted(zone)
    near = nearest(zone, zoneinfo.available_timezones()) or ("Asia/Tokyo", "UTC")
    yield Problem(
        "time_zone_unknown",
        "time_zone",
        Text(
            f"{shown.ja}というタイムゾーンはありません。",
            f"There is no time zone {shown.en}.",
        ),
        Text(
            f"IANAのタイムゾーン名を書いてください(例: {listed(near)})。",
            f"Write an IANA time zone name, such as {listed(near)}.",
        ),
    )


def _is_time_zone(name: str) -> bool:
    if "/" not in name and name != "UTC":
        return False  # "localtime" and similar names differ between machines
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _written_paths(document: Mapping[str, object], source: Mapping[str, object]) -> set[str]:
    """Every relationship name on a path of the document, in lower case."""
    paths = [item.get("from") for _, item in _items(document, "mapping")]
    for _, item in _items(source, "conditions"):
        paths += [item.get("field"), *(alt.get("field") for _, alt in _items(item, "any"))]
    texts = [path for path in paths if isinstance(path, str)]
    return {name.lower() for path in texts for name in path.split(".")[:-1]}


def _items(parent: Mapping[str, object], key: str) -> Iterator[tuple[int, dict[str, object]]]:
    value = parent.get(key)
    if isinstance(value, list | tuple):
        yield from ((index, item) for index, item in enumerate(value) if isinstance(item, dict))


def _one_to_one(source: Mapping[str, object], walked: set[str]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for index, item in _items(source, "one_to_one"):
        path, name = item_path("source.one_to_one", index) + ".as", item.get("as")
        if not isinstance(name, str):
            continue
        shown = named_value(path, name)
        if name.lower() in _STANDARD_RELATIONSHIPS:
            yield Problem(
                "one_to_one_shadows",
                path,
                Text(
                    f"{shown.ja}はSalesforce標準の参照名と同じため、as には使えません。",
                    f"{shown.en} is the name of a standard relationship and cannot be used for as.",
                ),
                Text(
                    "別の名前を付けてください(例: ContractInfo)。",
                    "Choose another, such as ContractInfo.",
                ),
            )
        elif name.lower() in first:
            yield Problem(
                "one_to_one_as_twice",
                path,
                Text(
                    f"{shown.ja}は {first[name.lower()]} でも使われています。",
                    f"{shown.en} is also used at {first[name.lower()]}.",
                ),
                Text("それぞれ別の名前にしてください。", "Give each its own name."),
            )
        elif name.lower() not in walked:
            yield Problem(
                "one_to_one_unused",
                path,
                Text(
                    f"{shown.ja}を通る項目がマッピングにありません。",
                    f"No mapping goes through {shown.en}.",
                ),
                Text(
                    f"from に「…{name}.項目名」と書くか、この1:1の指定を消してください。",
                    f"Write …{name}.FieldName in a from, or remove this one-to-one object.",
                ),
                severity="warning",
            )
        first.setdefault(name.lower(), path)


def _mapping(document: Mapping[str, object]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for index, item in _items(document, "mapping"):
        path, key = item_path("mapping", index) + ".to", item.get("to")
        if not isinstance(key, str):
            continue
        if key in first:
            shown = named_value(path, key)
            yield Problem(
                "to_twice",
                path,
                Text(
                    f"{shown.ja}は {first[key]} でも使われています。",
                    f"{shown.en} is also used at {first[key]}.",
                ),
                Text(
                    "一つのカスタムフィールドに連携できる項目は一つです。別のキーにしてください。",
                    "One custom field takes one Salesforce field. Choose another key.",
                ),
            )
        first.setdefault(key, path)
