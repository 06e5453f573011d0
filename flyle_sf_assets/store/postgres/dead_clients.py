"""How PostgreSQL notices that the machine of a client is gone.

By itself it asks a silent connection after two hours; until then it keeps what the connection held:
the lock of a tenant, the lock of a run, locked rows.
"""

from typing import Any

import sqlalchemy as sa

IDLE_S, INTERVAL_S, COUNT = 30, 10, 3
"""Silent for so long, asked so often, this many times without an answer: gone after a minute."""

_SET = (
    f"SELECT set_config('tcp_keepalives_idle', '{IDLE_S}', false),"
    f" set_config('tcp_keepalives_interval', '{INTERVAL_S}', false),"
    f" set_config('tcp_keepalives_count', '{COUNT}', false)"
)


def notice_dead_clients(engine: sa.Engine) -> None:
    """Every new connection of the engine is given up by the server a minute after its client died.

    Over a Unix socket PostgreSQL ignores it: there the kernel tells at once. Source: PostgreSQL
    documentation, 20.3.2 "TCP Settings".
    """
    sa.event.listen(engine, "connect", _ask_often)


def _ask_often(driver: Any, _record: object) -> None:
    with driver.cursor() as cursor:
        cursor.execute(_SET)
    driver.commit()
