"""An org's records: tables in columns, ids, values, and what inserting and deleting them does.

What does not belong here: asking for records (``soql``), and their JSON (``sandbox/rendering.py``).
"""
