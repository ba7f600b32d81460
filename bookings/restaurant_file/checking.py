"""The checks between the values of a restaurant file; they leave out unreadable values."""

from bookings.restaurant_file import floor_checks, hours_checks
from bookings.restaurant_file.entries import RestaurantFile
from bookings.restaurant_file.problems import Problems

CHECKS = (
    floor_checks.find_in_party_sizes,
    floor_checks.find_in_names,
    floor_checks.find_in_references,
    floor_checks.find_in_combinations,
    hours_checks.find_in_periods,
    hours_checks.find_in_turn_times,
    hours_checks.find_in_rules,
    hours_checks.find_in_closures,
    hours_checks.find_in_period_references,
)


def check_file(file: RestaurantFile, problems: Problems) -> None:
    """Note every contradiction."""
    for find in CHECKS:
        for finding in find(file):
            finding.report(problems)
