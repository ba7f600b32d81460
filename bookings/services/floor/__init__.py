"""What the host does on the floor: tables by hand, changes of bookings, the transitions of an evening, blocks."""
