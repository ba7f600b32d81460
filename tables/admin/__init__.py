"""Screens of restaurants and their floors."""

from tables.admin.blocks import TableBlockAdmin
from tables.admin.combinations import TableCombinationAdmin
from tables.admin.restaurants import RestaurantAdmin
from tables.admin.sections import SectionAdmin
from tables.admin.tables import TableAdmin

__all__ = ["RestaurantAdmin", "SectionAdmin", "TableAdmin", "TableBlockAdmin", "TableCombinationAdmin"]
