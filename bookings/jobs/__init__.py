"""The jobs in PostgreSQL: work without a waiting caller, each job a part of the transaction that defers it.

Services defer jobs by `deferral`, which knows tasks by name alone; `tasks` calls services. Every job
may run twice: a killed worker leaves its jobs behind, and they run again.
"""
