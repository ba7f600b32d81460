"""What every screen of the admin is built from."""
