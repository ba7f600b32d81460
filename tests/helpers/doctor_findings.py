"""What one check of the doctor says."""

from bookings.management.doctor import Deployment, Level
from bookings.management.doctor.findings import Check

OK, WARNING, PROBLEM = Level.OK, Level.WARNING, Level.PROBLEM


def levels(check: Check, deployment: Deployment | None = None) -> list[Level]:
    return [finding.level for finding in check(deployment or Deployment())]


def said(check: Check, deployment: Deployment | None = None) -> str:
    """Return all that a check says, what to do included."""
    return "\n".join(f"{each.level} {each.saw} -> {each.advice}" for each in check(deployment or Deployment()))
