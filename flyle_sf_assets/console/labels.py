"""Words of the product as people read them: states, kinds, statuses, steps, types."""

from collections.abc import Mapping

from flyle_sf_assets.choosing import settings_words, type_words
from flyle_sf_assets.companies.reject_reasons import RejectReason
from flyle_sf_assets.errors import Text

FLYLE_TYPES, OBJECTS = type_words.FLYLE_TYPES, type_words.OBJECTS
salesforce_type, interval = type_words.salesforce_type, settings_words.interval

LINK_STATES: Mapping[str, Text] = {
    "not_connected": Text("未接続", "Not connected"),
    "connected": Text("接続済み", "Connected"),
    "initial_sync": Text("初回の同期中", "First sync"),
    "linked": Text("連携中", "Linked"),
    "failing": Text("エラー", "Failing"),
    "held": Text("承認待ち", "Held for approval"),
    "disconnected": Text("連携解除済み", "Disconnected"),
}

LINK_TONES: Mapping[str, str] = {
    "linked": "good",
    "initial_sync": "busy",
    "connected": "busy",
    "failing": "bad",
    "held": "warn",
    "not_connected": "calm",
    "disconnected": "calm",
}

SYNC_KINDS: Mapping[str, Text] = {
    "initial": Text("初回", "First"),
    "refresh": Text("定期", "Regular"),
    "full": Text("全件", "Full"),
    "backfill": Text("項目追加", "New fields"),
    "sweep": Text("再評価", "Sweep"),
    "census": Text("照合", "Census"),
    "rollback": Text("巻き戻し", "Rollback"),
}

SYNC_STATES: Mapping[str, Text] = {
    "running": Text("実行中", "Running"),
    "done": Text("完了", "Done"),
    "failed": Text("失敗", "Failed"),
    "held": Text("承認待ち", "Held"),
    "postponed": Text("延期", "Postponed"),
    "cancelled": Text("中止", "Cancelled"),
}

SYNC_TONES: Mapping[str, str] = {
    "running": "busy",
    "done": "good",
    "failed": "bad",
    "held": "warn",
    "postponed": "warn",
    "cancelled": "calm",
}

COMPANY_STATUSES: Mapping[str, Text] = {
    "linked": Text("連携中", "Linked"),
    "out_of_scope": Text("条件の対象外", "Out of scope"),
    "deleted": Text("Salesforceで削除", "Deleted"),
    "merged": Text("Salesforceで統合", "Merged"),
    "missing": Text("見つからない", "Missing"),
    "unlinked": Text("連携解除", "Unlinked"),
}

COMPANY_REASONS: Mapping[str, Text] = {
    "conditions_not_met": Text(
        "連携の条件に一致しなくなりました", "It no longer meets the conditions"
    ),
    "deleted_in_salesforce": Text("Salesforceで削除されました", "It was deleted in Salesforce"),
    "merged_in_salesforce": Text(
        "Salesforceで別のレコードに統合されました",
        "It was merged into another record in Salesforce",
    ),
    "not_found": Text(
        "完全に削除されたか、接続ユーザーから見えなくなりました",
        "It was purged, or the connected user no longer sees it",
    ),
    "disconnected": Text("連携が解除されました", "The link was disconnected"),
    "base_object_changed": Text(
        "連携元のオブジェクトが変更されました", "The base object was changed"
    ),
    "org_changed": Text("別の組織に接続されました", "Another org was connected"),
}

STEPS: Mapping[str, tuple[int, Text]] = {
    "describe_objects": (1, Text("項目の定義を確認しています", "Looking at field definitions")),
    "read_records": (2, Text("レコードを調べています", "Asking for records")),
    "opportunities": (2, Text("商談を読み込んでいます", "Reading opportunities")),
    "accounts": (2, Text("取引先を読み込んでいます", "Reading accounts")),
    "related_records": (2, Text("関連レコードを読み込んでいます", "Reading related records")),
    "enrich_records": (3, Text("親レコードの値を結合しています", "Joining parents' values")),
    "follow_options": (4, Text("選択肢を更新しています", "Following picklist options")),
    "write_companies": (5, Text("企業情報を書き込んでいます", "Writing companies")),
    "companies": (5, Text("企業情報を書き込んでいます", "Writing companies")),
}
"""By the step that a refresh reports (``sync/progress.py``): the stage of `STAGES`, its text."""

STAGES: tuple[Text, ...] = (
    Text("項目の定義", "Definitions"),
    Text("読み込み", "Reading"),
    Text("結合", "Joining"),
    Text("選択肢", "Options"),
    Text("書き込み", "Writing"),
)

VERSION_STATES: Mapping[str, Text] = {
    "in_effect": Text("適用中", "In effect"),
    "waiting": Text("次の同期で適用", "With the next sync"),
    "not_applied": Text("適用されていません", "Not applied"),
    "earlier": Text("以前の設定", "Earlier"),
}

ROW_FIELDS: Mapping[str, Text] = {
    "name": Text("企業名", "Company name"),
    "status": Text("連携の状態", "Status"),
    "status_reason": Text("状態の理由", "Reason of the status"),
    "merged_into": Text("統合先", "Merged into"),
}

CHANGE_REASONS: Mapping[str, Text] = {
    "rolled_back": Text("同期を巻き戻しました", "The sync was rolled back"),
    "resumed": Text("Salesforceの値に戻しました", "Salesforce's value came back"),
    "type_changed": Text("項目の型が変わりました", "The type of the field changed"),
    **dict.fromkeys(
        map(str, RejectReason),
        Text("新しい型に変換できませんでした", "It could not be converted to the new type"),
    ),
    "parent_deleted": Text("参照先のレコードが削除されました", "The parent record was deleted"),
    "parent_missing": Text("参照先のレコードが見つかりません", "The parent record cannot be found"),
}
"""``company_changes.reason`` before its colon."""

COMPANY_ORDERS: Mapping[str, Text] = {
    "name": Text("企業名(昇順)", "Name (A to Z)"),
    "-name": Text("企業名(降順)", "Name (Z to A)"),
    "-updated": Text("更新日(新しい順)", "Updated (newest first)"),
    "updated": Text("更新日(古い順)", "Updated (oldest first)"),
}
"""Sort orders of the list of companies (``store/companies/search.py``)."""

VERDICTS: Mapping[str, Text] = {
    "linked": Text("連携中です", "It is linked"),
    "not_yet_synced": Text("まだ取り込まれていません", "It has not been synced yet"),
    "conditions_not_met": Text("条件を満たしていません", "It does not meet the conditions"),
    "deleted": Text("Salesforceで削除されています", "It is deleted in Salesforce"),
    "merged": Text("マージされています", "It was merged"),
    "not_visible": Text("Salesforceで見えません", "Salesforce does not show it"),
    "other_object": Text("別のオブジェクトのレコードです", "It is a record of another object"),
    "rejected": Text("取り込めない値があります", "It is rejected"),
    "tenant_not_linked": Text("連携していません", "The workspace is not linked"),
}
"""Whether a record is a company (`explain`), in a few words."""

FIELD_WHYS: Mapping[str, Text] = {
    "same": Text("一致", "same"),
    "not_refreshed_yet": Text("次の同期で反映", "with the next sync"),
    "rejected": Text("取り込めない値", "rejected"),
    "kept_when_blank": Text("空のため前の値", "kept: blank there"),
    "rolled_back": Text("巻き戻した値", "rolled back"),
    "frozen": Text("更新終了", "not updated any more"),
    "held": Text("保留中", "held"),
    "no_company": Text("企業なし", "no company"),
}
"""How Flyle's value of a field compares with Salesforce's of now."""
