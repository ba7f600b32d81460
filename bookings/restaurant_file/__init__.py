"""A restaurant as a file: read, compare with the database, import, export."""

from bookings.restaurant_file.applying import ImportOutcome, import_restaurant, plan_import
from bookings.restaurant_file.comparing import Action, Change
from bookings.restaurant_file.entries import RestaurantFile
from bookings.restaurant_file.exporting import export_restaurant
from bookings.restaurant_file.problems import Problem, RestaurantFileInvalid
from bookings.restaurant_file.reading import read_restaurant_file

__all__ = [
    "Action",
    "Change",
    "ImportOutcome",
    "Problem",
    "RestaurantFile",
    "RestaurantFileInvalid",
    "export_restaurant",
    "import_restaurant",
    "plan_import",
    "read_restaurant_file",
]
