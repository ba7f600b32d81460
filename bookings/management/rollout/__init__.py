"""The subcommands of `manage.py rollout`, each a module of its own; a new one is listed here."""

from bookings.management.rollout.base import Subcommand
from bookings.management.rollout.note import AddNote
from bookings.management.rollout.percent import SetPercent
from bookings.management.rollout.report import ShowReport
from bookings.management.rollout.resume import Resume
from bookings.management.rollout.rollback import RollBack
from bookings.management.rollout.set_mode import SetMode
from bookings.management.rollout.status import ShowStatus

SUBCOMMANDS: tuple[Subcommand, ...] = (
    ShowStatus(),
    SetMode(),
    SetPercent(),
    RollBack(),
    Resume(),
    AddNote(),
    ShowReport(),
)

__all__ = ["SUBCOMMANDS", "Subcommand"]
