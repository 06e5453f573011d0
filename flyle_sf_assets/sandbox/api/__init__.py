"""The REST resources below ``/services/data``, as functions from a call to an answer.

What does not belong here: HTTP itself, tokens and faults (``sandbox/front.py``,
``sandbox/oauth.py``).
"""
