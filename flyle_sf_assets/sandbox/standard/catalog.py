"""The catalog that all sample orgs start from, made once and shared."""

from functools import cache

from flyle_sf_assets.sandbox.metadata import Catalog, SObject
from flyle_sf_assets.sandbox.standard import kinds as k
from flyle_sf_assets.sandbox.standard.accounts import account
from flyle_sf_assets.sandbox.standard.opportunities import contract_info, opportunity
from flyle_sf_assets.sandbox.standard.people import (
    contact,
    group,
    organization,
    profile,
    user,
    user_permission_access,
)


def _task() -> SObject:
    fields = (
        *k.system_fields(owner=("Group", "User")),
        k.combobox("Subject", "件名", k.options(("Call", "電話"), ("Email", "メール"))),
        k.lookup("WhoId", "名前 ID", ("Contact",), "Who"),
        k.lookup("WhatId", "関連先 ID", ("Account", "Opportunity", "Contract_Info__c"), "What"),
        k.date_field("ActivityDate", "期日"),
        k.picklist("Status", "状況", k.options("Not Started", "Completed"), nillable=False),
    )
    return SObject("Task", "ToDo", "ToDo", "00T", fields)


def _attachment() -> SObject:
    fields = (
        *k.system_fields(),
        k.lookup("ParentId", "親 ID", ("Account", "Opportunity"), "Parent", children="Attachments"),
        k.text("Name", "ファイル名", 255, nillable=False, name_field=True),
        k.text("ContentType", "コンテンツタイプ", 120),
        k.integer("BodyLength", "サイズ"),
        k.base64_field("Body", "本文"),
    )
    return SObject("Attachment", "添付ファイル", "添付ファイル", "00P", fields)


def _account_history() -> SObject:
    system = {"Id", "IsDeleted", "CreatedDate", "CreatedById"}
    fields = (
        *(f for f in k.system_fields(owner=()) if f.name in system),
        k.lookup("AccountId", "取引先 ID", "Account", "Account", children="Histories"),
        k.picklist("Field", "変更された項目", k.options("Name", "Type", "created"), nillable=False),
        k.any_type("OldValue", "変更前"),
        k.any_type("NewValue", "変更後"),
        k.long_integer("Sequence", "順序"),
    )
    return SObject("AccountHistory", "取引先履歴", "取引先履歴", "017", fields)


@cache
def standard_catalog() -> Catalog:
    """Account, Opportunity, Contact, Contract_Info__c, User and the objects that these need."""
    return Catalog.of(
        (
            account(),
            opportunity(),
            contact(),
            contract_info(),
            user(),
            profile(),
            group(),
            organization(),
            user_permission_access(),
            _task(),
            _attachment(),
            _account_history(),
        )
    )
