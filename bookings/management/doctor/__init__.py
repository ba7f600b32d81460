"""`manage.py doctor` looks for faults of this deployment, and names the remedies.

Each topic has a module; a check is a function that yields findings. A new check joins the group of its needs in
`bookings.management.doctor.examination`.
"""

from bookings.management.doctor.examination import Examination, examine
from bookings.management.doctor.findings import Deployment, Finding, Level

__all__ = ["Deployment", "Examination", "Finding", "Level", "examine"]
