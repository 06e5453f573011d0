"""What an administrator may choose from: fields, operators, values, obvious mappings, in words.

Told from describe alone; nothing here is asked of an org or kept. What does not belong here:
checking settings that were chosen (``check``), asking the org (``preview/org_browser.py``) and
pages (``console``). This package is pure.
"""
