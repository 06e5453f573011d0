"""A rollback in words: why something is left alone, and what its end means. In both languages."""

from collections.abc import Mapping

from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.companies.rollback import LeftReason

LEFT_ALONE: Mapping[LeftReason, Text] = {
    "changed_later": Text("この同期のあとに値が変わりました", "The value changed after this sync"),
    "already_restored": Text(
        "この同期の前の値にすでに戻っています", "It has the value of before this sync already"
    ),
    "created": Text(
        "この同期で作成された企業です(企業は削除されません)",
        "This sync created the company, and a company is never deleted",
    ),
    "not_mapped": Text(
        "項目の対応がその後外されました", "The mapping of the field was taken away since"
    ),
    "mapping_changed": Text(
        "項目の対応がその後変わりました", "The mapping of the field is another one since"
    ),
    "type_changed": Text(
        "前の値は今の項目の型に合いません", "The earlier value does not fit the field's type of now"
    ),
    "link_changed": Text(
        "状態は今の接続または元オブジェクトによって決まります",
        "The status follows from the connection or the base object of now",
    ),
}

KEPT_REMEDY = Text(
    "戻した値は、Salesforceで値が変わるまで上書きされません。"
    "Salesforceの値に戻すときは、同期のページの「Salesforceの値に戻す」か"
    " flyle-sf rollback TENANT SYNC_ID --resume を使用してください",
    "A restored value is not overwritten before it changes in Salesforce. To get Salesforce's"
    " values back: “Follow Salesforce again” on the sync's page, or"
    " flyle-sf rollback TENANT SYNC_ID --resume",
)
