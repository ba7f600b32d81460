"""The reports on decisions that were made, and their explanations. No booking is written here."""
