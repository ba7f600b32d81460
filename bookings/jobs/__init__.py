"""Work that nobody waits for: jobs in PostgreSQL, each a part of the transaction that wants it.

Services defer jobs by `deferral`, which knows tasks by name alone; `tasks` calls services. Every job
may run twice: a worker that is killed leaves its jobs behind, and they run again.
"""
