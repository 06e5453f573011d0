"""The commands that serve until Ctrl-C: the Dagster UI, the console, the demo, the sandbox org."""
