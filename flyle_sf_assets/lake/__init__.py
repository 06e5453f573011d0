"""Storage of record frames: immutable Parquet files, and manifests as values.

What does not belong here: which manifest is the current one (``store/syncs/generations.py`` keeps
them; swapping one there is the commit) and what the rows mean.
"""
