"""Storage of record frames: immutable Parquet files, and manifests as values.

`files.Lake` is what other packages use. Where files are kept is one of two implementations of
`storage.Storage`: `local` (a folder) and `s3` (a bucket), chosen by URL in `places`.

What does not belong here: which manifest is the current one (``store/syncs/generations.py`` keeps
them; swapping one there is the commit) and what the rows mean.
"""
