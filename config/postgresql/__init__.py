"""Django's PostgreSQL backend, which also says how long a connection was waited for."""
