"""What to read from Salesforce and what it answered: read plan, windows, record frames.

What does not belong here: sending requests (``salesforce``), joining parents (``enriched``),
turning text into Flyle's types (``companies``), files (``lake``).
"""
