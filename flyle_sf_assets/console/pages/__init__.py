"""The pages, one file per place that a person goes to; each a function from visit to answer.

What does not belong here: HTML (``templates``) and who may see a page (``console/dispatch.py``).
"""
