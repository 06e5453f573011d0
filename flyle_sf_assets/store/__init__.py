"""PostgreSQL: the product's tables, their migrations, and the embedded server that holds them.

One file per table group; every function takes the transaction (``tx``) that `database.Database`
opened, and nothing but small frozen values and frames goes in and out. Only this package knows SQL.

What does not belong here: record files (``lake``), and deciding what a company should say
(``companies``) or what an option is (``options``): the store compares and keeps.
"""
