"""PostgreSQL: the product's tables, their migrations, and the embedded server.

One file per table group; every function takes the transaction (``tx``) that `database.Database`
opened, and arguments and results are small frozen values and frames. Only this package has SQL.

What does not belong here: record files (``lake``), and deciding what a company should say
(``companies``) or what an option is (``options``): the store compares and keeps.
"""
