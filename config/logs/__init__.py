"""Logs: every record, whoever wrote it, as one line of one shape, without personal data."""
