"""The pages, one file per part of the console; each a function from request to answer.

What does not belong here: HTML (``templates``) and who may see a page (``console/dispatch.py``).
"""
