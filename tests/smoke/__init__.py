"""`make smoke BASE=...`: contract and load checks of a running Maitre, wherever it is. Needs no settings."""
