"""The auditor: recounts every limit and every table in plain SQL, and shares no code with the engine.

It reads bookings, assignments, rules and overrides, and compares their sums with the counters that the
engine has stored. No other package of the project may be imported here, so that the auditor repeats no
error of the engine's rules (tests/bookings/insight/audit/test_auditor_independence.py).
"""

from bookings.insight.audit.report import AuditReport, Finding
from bookings.insight.audit.snapshot import AuditScope, audit, audit_changed_days, list_changed_restaurants

__all__ = ["AuditReport", "AuditScope", "Finding", "audit", "audit_changed_days", "list_changed_restaurants"]
