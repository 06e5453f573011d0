"""What to read from Salesforce and what it said: the read plan, windows, and record frames.

What does not belong here: sending requests (``salesforce``), joining parents (``enriched``),
turning text into Flyle's types (``companies``), files (``lake``).
"""
