"""How a command speaks to people and scripts: language, tables, errors, progress, retries."""
