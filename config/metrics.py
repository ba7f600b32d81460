"""The metrics of a decision. docs/operations.md maps them to the owner's names."""

from prometheus_client import Counter, Histogram

LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0)

booking_creation_latency = Histogram(
    "booking_creation_latency_seconds",
    "Time in which the application answered a booking request, by outcome; a wait for a free thread is not in it.",
    ["outcome"],
    buckets=LATENCY_BUCKETS,
)
availability_check_latency = Histogram(
    "availability_check_latency_seconds",
    "Time in which the application answered an availability request; a wait for a free thread is not in it.",
    buckets=LATENCY_BUCKETS,
)
availability_starts_unsettled = Counter(
    "availability_starts_unsettled_total",
    "Starts of a date that were called available because neither a plan nor a proof was found in time.",
)
booking_outcome = Counter("booking_outcome_total", "Booking requests by outcome.", ["outcome"])
booking_capacity_exceeded = Counter(
    "booking_capacity_exceeded_total", "Refused bookings, once for every reason that held.", ["reason"]
)
booking_denied_covers = Counter(
    "booking_denied_covers_total",
    "Covers of requests that were refused, or in shadow mode would have been, by the first reason.",
    ["mode", "reason"],
)
booking_overridden = Counter(
    "booking_overridden_total", "New bookings that a person answered for, once for every reason against it.", ["reason"]
)
booking_decision_lost = Counter(
    "booking_decision_lost_total", "Decisions that could not be written to the ledger: must stay 0."
)
booking_attempts = Histogram(
    "booking_attempts",
    "Attempts that a capacity transaction took.",
    ["operation"],
    buckets=(1, 2, 3, 5, 10, 20, 50),
)
booking_retries = Counter(
    "booking_retries_total", "Attempts that ran again, by SQLSTATE (or 'claim', 'plan').", ["sqlstate"]
)
booking_lock_wait = Histogram(
    "booking_lock_wait_seconds",
    "Time spent waiting for the gate and for the service day rows.",
    ["stage"],
    buckets=LATENCY_BUCKETS,
)
booking_pool_wait = Histogram(
    "booking_pool_wait_seconds",
    "Time that a request waited for a connection of the pool, also in vain.",
    buckets=(0.0005, 0.001, 0.0025, *LATENCY_BUCKETS),
)
booking_replica_reads = Counter(
    "booking_replica_reads_total", "Requests that may read the replica, by the server that answered them.", ["server"]
)
booking_constraint_disagreement = Counter(
    "booking_constraint_disagreement_total",
    "Times that a capacity constraint refused what the policy had accepted: must stay 0.",
    ["constraint"],
)
booking_seating_step = Counter(
    "booking_seating_step_total", "Seatings that the planner settled under the lock, by its step.", ["step"]
)
booking_seating_undecided = Counter(
    "booking_seating_undecided_total",
    "Requests that ended because neither a seating plan nor a proof was found in time.",
)
booking_reseated = Counter("booking_reseated_total", "Parties that the planner moved to other tables.")
booking_shadow_error = Counter("booking_shadow_error_total", "Decisions in shadow mode that failed and were waived.")
