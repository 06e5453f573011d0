"""Runs on Celery workers: the launcher, and what makes a run on a warm process a run of its own.

Imported only where Celery is installed (the extra ``celery``). What does not belong here: what a
run does (``defs/assets.py``), and the command that starts a worker (``cli/servers/worker.py``).
"""
