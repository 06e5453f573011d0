"""``flyle-sf rollback``: the command, and what it prints."""
