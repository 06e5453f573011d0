"""SOQL as an org answers it: parsed by a grammar, bound to a catalog, run over a snapshot.

Source: SOQL and SOSL Reference. What does not belong here: JSON and CSV (``sandbox/rendering.py``).
"""
