"""The parts that every screen of the admin is built from."""
