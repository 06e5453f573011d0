"""An org per test behind one sandbox server over real TLS."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
import stamina
from cryptography.hazmat.primitives.asymmetric import rsa

from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.describe import Described, describe_all
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.sandbox import org as sandbox
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.salesforce.room import HOSTILE_NAMES, Room
from flyle_sf_assets_tests.signing import new_key

_NUMBERS = count(100)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """Retries happen as often as configured, without their pauses."""
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


@pytest.fixture(scope="session")
def _template() -> sandbox.Org:
    org = sandbox.Org(
        "template", consumer_key="template", consumer_secret="template", org_number=99
    )
    org.insert_many(
        "Account",
        (
            {
                "Name": name,
                "Exact_Revenue__c": "1234567890123456.78",
                "Precise_Ratio__c": "12345678.0123456789",
                "NumberOfEmployees": 7 * place,
                "Regions__c": "East;West" if place % 2 else None,
                "Is_Strategic__c": place % 2 == 0,
                "Founded_On__c": "1869-05-04",
                "Last_Contact_At__c": "2024-02-29T23:59:59Z",
                "Opens_At__c": "09:30:00.000Z",
            }
            for place, name in enumerate(HOSTILE_NAMES)
        ),
    )
    return org


@pytest.fixture(scope="session")
def _server(_template: sandbox.Org) -> Iterator[SandboxServer]:
    with SandboxServer([_template]) as server:
        yield server


@pytest.fixture
def room(_server: SandboxServer, _template: sandbox.Org) -> Room:
    """An org of its own with six hostile accounts."""
    number = next(_NUMBERS)
    there = _template.clone(
        f"org{number}",
        org_number=number,
        consumer_key=f"3MVG9.key{number}",
        consumer_secret=f"very-secret-{number}",
    )
    _server.add(there)
    return Room(there, _server)


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    """A key that signs assertions."""
    return new_key()


@pytest.fixture
def org(room: Room) -> Iterator[Org]:
    """Our side of that org."""
    with room.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def schemas(_server: SandboxServer, _template: sandbox.Org) -> dict[str, ObjectSchema]:
    """What describe says of the objects of the sample orgs."""
    names = ["Account", "Opportunity", "User", "Contract_Info__c", "Profile"]
    with Room(_template, _server).open() as opened:
        found = describe_all(opened.session, names)
    return {name: d.schema for name, d in found.items() if isinstance(d, Described)}


@pytest.fixture
def filled(room: Room) -> Callable[[int], None]:
    """Adds this many plain accounts."""

    def fill(rows: int) -> None:
        room.there.insert_many("Account", ({"Name": f"Account {n:06d}"} for n in range(rows)))

    return fill
