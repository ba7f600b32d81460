"""The operations of staff on a booking: pages ask, services do."""

from bookings.admin.operations.base import Operation
from bookings.admin.operations.cancellation import Cancel
from bookings.admin.operations.changes import Change
from bookings.admin.operations.correction import Correct
from bookings.admin.operations.keeping import Keep
from bookings.admin.operations.pages import MAY_CHANGE, operation_page, operation_url
from bookings.admin.operations.presence import Arrive, Extend, Leave, NoShow, Seat
from bookings.admin.operations.seating import Assign, Pin, Swap, Unpin
from bookings.admin.operations.undo import Undo

# In the order of the evening.
_ALL = (
    Arrive(),
    Seat(),
    Leave(),
    Extend(),
    Assign(),
    Swap(),
    Pin(),
    Unpin(),
    Change(),
    Keep(),
    Correct(),
    Undo(),
    NoShow(),
    Cancel(),
)
OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in _ALL}

__all__ = ["MAY_CHANGE", "OPERATIONS", "Operation", "operation_page", "operation_url"]
