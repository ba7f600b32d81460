"""The work of the host on the floor: tables by hand, changes of bookings, the transitions of an evening, blocks."""
