"""A tenant outside a sync: registration, settings files, drafts, removal, due times, back-off.

What does not belong here: connecting its org (``connection``), and what a refresh reads (``sync``).
"""
