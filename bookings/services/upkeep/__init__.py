"""Work beside bookings: jobs, pruning, repair of counters, API keys."""
