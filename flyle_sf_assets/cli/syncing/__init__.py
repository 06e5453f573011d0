"""``flyle-sf sync``: what it does, the Dagster run that it makes, and what it prints."""
