"""SQL with ``:name`` parameters as psycopg takes it.

SQLAlchemy's ``text`` compiles each statement once for each engine and looks it up by a cache key
each time it runs; with SQL that is nothing but text that costs more than sending it.
"""

import functools
import re

# Not a cast (``::jsonb``), nor a time or a slice (``12:30``).
_PARAMETER = re.compile(r"(?<![:\w]):(\w+)(?!:)", re.ASCII)


@functools.lru_cache(maxsize=1_024)
def driver_sql(sql: str) -> str:
    """The statement with psycopg's parameters.

    >>> driver_sql("SELECT name::text FROM links WHERE name LIKE 'a%' AND tenant_id = :tenant_id")
    "SELECT name::text FROM links WHERE name LIKE 'a%%' AND tenant_id = %(tenant_id)s"
    """
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))
