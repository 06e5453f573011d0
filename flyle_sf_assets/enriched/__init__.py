"""Parents joined on: one row per record of the base object with every value that is mapped.

What does not belong here: reading records (``raw``) and converting their text (``companies``).
"""
