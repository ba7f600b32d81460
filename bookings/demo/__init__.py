"""What `make demo` shows: two restaurants, two weeks of bookings, a user for the admin, a web server."""
