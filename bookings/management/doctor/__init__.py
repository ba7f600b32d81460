"""`manage.py doctor`: is this deployment as it should be, and if not, what is to be done?

One module a topic; a check is a function that yields findings. Whoever adds one puts it in the group of what it
needs, in `bookings.management.doctor.examination`.
"""

from bookings.management.doctor.examination import Examination, examine
from bookings.management.doctor.findings import Deployment, Finding, Level

__all__ = ["Deployment", "Examination", "Finding", "Level", "examine"]
