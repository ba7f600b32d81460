"""Logs: every record, of the project or of a library, as one line of one shape, without personal data."""
