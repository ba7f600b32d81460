"""The screens of a restaurant's settings: tables, periods, limits and closures, and the use of each service."""
