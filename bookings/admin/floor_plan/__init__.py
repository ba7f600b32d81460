"""The floor plan: where the tables stand, and who sits there at any moment of an evening."""
