"""Rows as Flyle shows them: types, conversion, validation, status, and the store's input.

What does not belong here: reading and joining records (``raw``, ``enriched``), following
picklist options (``options``) and writing rows (``store``). This package is pure: frames and
values in, frames and values out.
"""
