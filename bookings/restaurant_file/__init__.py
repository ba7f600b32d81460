"""The file of a restaurant: the format, its reading, its comparison with the database, its writing."""

from bookings.restaurant_file.comparing import Action, Change
from bookings.restaurant_file.entries import RestaurantFile
from bookings.restaurant_file.exporting import export_restaurant
from bookings.restaurant_file.problems import Problem, RestaurantFileInvalid
from bookings.restaurant_file.reading import read_restaurant_file

__all__ = [
    "Action",
    "Change",
    "Problem",
    "RestaurantFile",
    "RestaurantFileInvalid",
    "export_restaurant",
    "read_restaurant_file",
]
