"""The auditor: recounts every limit and every table in plain SQL, and shares no code with the engine.

It reads bookings, assignments, rules and overrides, and compares what they add up to with what the
engine has stored. Nothing of the project may be imported here but this package itself: an error in
the engine's rules must not be repeated by the one who looks for it
(tests/bookings/insight/audit/test_auditor_independence.py).
"""

from bookings.insight.audit.report import AuditReport, Finding
from bookings.insight.audit.snapshot import AuditScope, audit

__all__ = ["AuditReport", "AuditScope", "Finding", "audit"]
