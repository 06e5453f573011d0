"""Which raw asset owns which node of the lookup tree, known from the path only.

From the path only, without describe, so that a settings version's digests per asset can be
made before the first request to the org. ``accounts`` owns the Account that is the base or is
directly above an Opportunity, with its ``Parent`` chain; ``opportunities`` the base
Opportunity; ``related_records`` all other nodes (also an Account behind a custom lookup).
So data flows opportunities → accounts → related_records, never back.
"""

from typing import Literal

RawAsset = Literal["accounts", "opportunities", "related_records"]

RAW_ASSETS: tuple[RawAsset, ...] = ("opportunities", "accounts", "related_records")
"""In the order in which one refresh reads them."""


def owner_of(base_object: str, relationships: tuple[str, ...]) -> RawAsset:
    """The asset that owns the records at the end of these relationship names."""
    if not relationships:
        return "accounts" if base_object == "Account" else "opportunities"
    chain = relationships if base_object == "Account" else relationships[1:]
    below_account = base_object == "Account" or relationships[0].lower() == "account"
    if below_account and all(name.lower() == "parent" for name in chain):
        return "accounts"
    return "related_records"
