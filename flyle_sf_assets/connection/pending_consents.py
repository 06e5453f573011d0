"""Pending consents: a flow that was begun, or a consent that needs a second confirmation.

Encrypted, valid a quarter of an hour, claimed once, by the same user.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec

from flyle_sf_assets.errors import NotPermitted, Text
from flyle_sf_assets.installation.clock import Clock
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import AppEntry
from flyle_sf_assets.salesforce.rights import Identity
from flyle_sf_assets.salesforce.tokens.access_tokens import Granted
from flyle_sf_assets.store.tenants.credentials import claim_pending, put_pending


@dataclass(frozen=True, slots=True)
class Begun:
    """What must be stored until the browser returns."""

    by: str
    app: AppEntry
    is_entered: bool
    redirect_uri: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Allowed:
    """A consent that passed every check, and what it is for."""

    by: str
    app: AppEntry
    is_entered: bool
    granted: Granted
    identity: Identity


Waiting = TypeVar("Waiting", Begun, Allowed)


def save(
    installation: Installation, tenant: str, name: str, content: Begun | Allowed, clock: Clock
) -> datetime:
    """Saves a consent under a name that cannot be guessed; returns when it expires."""
    kind = type(content).__name__
    text = json.dumps({"kind": kind, "content": msgspec.to_builtins(content)}, ensure_ascii=False)
    with installation.database.tenant(tenant) as tx:
        return put_pending(tx, installation.secrets, name, text, clock())


def claim(
    installation: Installation,
    tenant: str,
    name: str,
    kind: type[Waiting],
    *,
    by: str,
    clock: Clock,
) -> Waiting:
    """The consent saved under that name. NotPermitted ``state_unknown`` if this user may not.

    That is: unknown, claimed before, expired, of another tenant, or saved by another user.
    """
    with installation.database.tenant(tenant) as tx:
        content = claim_pending(tx, installation.secrets, name, clock()) if name else None
    found = None if content is None else json.loads(content)
    if found is None or found["kind"] != kind.__name__ or found["content"]["by"] != by:
        raise NotPermitted(
            "state_unknown",
            tried=Text(
                "Salesforce からの応答を受け取ろうとしました",
                "Tried to receive Salesforce's answer",
            ),
            came_back=Text(
                "ここで始めた連携への応答ではないか、遅すぎたか、二度目の応答です",
                "it belongs to nothing that was begun here, or it came too late or twice",
            ),
            remedy=Text(
                "連携をもう一度最初から始めてください。始めたブラウザーで15分以内に許可してください",
                "Begin again, and allow the access in the same browser within 15 minutes",
            ),
        )
    return msgspec.convert(found["content"], type=kind)
