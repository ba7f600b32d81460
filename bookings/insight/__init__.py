"""Looks at what was decided, and explains it. Never writes a booking."""
