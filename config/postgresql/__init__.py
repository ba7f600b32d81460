"""Django's PostgreSQL backend, which also measures the wait for a connection."""
