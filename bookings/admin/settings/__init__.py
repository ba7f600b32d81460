"""Screens of a restaurant's settings: its tables, periods, limits and closures, and how full each service is."""
