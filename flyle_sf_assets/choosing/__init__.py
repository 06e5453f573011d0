"""What an administrator may choose from: fields, operators, values, obvious mappings, in words.

Known from describe only; no request is sent, nothing is stored. What does not belong here:
checking settings that were chosen (``check``), asking the org (``preview/org_browser.py``) and
pages (``console``). This package is pure.
"""
