"""The use cases: everything that writes bookings, or settings that bookings depend on."""

from bookings.services.booking import BookingReceipt, create_booking_with_capacity_check
from bookings.services.cancellation import cancel_booking
from bookings.services.corrections import correct_guest
from bookings.services.floor.arrivals import mark_arrived, seat_party
from bookings.services.floor.assignments import assign_tables, pin_tables, swap_tables, unpin_tables
from bookings.services.floor.blocks import BlockOutcome, block_section, block_tables, unblock_table
from bookings.services.floor.change_requests import UNCHANGED
from bookings.services.floor.changes import change_booking
from bookings.services.floor.kept_bookings import keep_booking
from bookings.services.floor.no_shows import mark_no_show
from bookings.services.floor.outcomes import FloorOutcome, HitParty, MovedParty
from bookings.services.floor.stays import extend_stay, leave_early
from bookings.services.floor.undo import undo_change
from bookings.services.floor.walk_ins import seat_walk_in
from bookings.services.pauses import lift_pause, pause_online
from bookings.services.requests import GuestDetails
from bookings.services.rollout import (
    add_rollout_note,
    resume_enforcement,
    roll_back_enforcement,
    set_restaurant_mode,
    set_rollout_percent,
)
from bookings.services.rows.overrides import Override, RaisedExcess
from bookings.services.settings.confirmation import ASKING, ChangeUnconfirmed
from bookings.services.settings.floor_plan import PlacedTable, TablePlace, place_tables
from bookings.services.settings.limit_edits import LimitEdit, LimitsSet, WrittenRule, set_limits
from bookings.services.settings.materialization import Materialization, materialize_service_days, plan_materialization
from bookings.services.settings.outcomes import SettingsOutcome
from bookings.services.settings.reseating import LeftReason, PartyLeft, Reseated
from bookings.services.settings.settings_changes import (
    change_settings,
    create_restaurant,
    delete_settings_row,
    save_settings_row,
)
from bookings.services.settings.settings_rows import delete_row, save_row
from bookings.services.settings.table_status import set_table_status
from bookings.services.upkeep.counter_repair import CounterRepairs, rebuild_counters

__all__ = [
    "ASKING",
    "UNCHANGED",
    "BlockOutcome",
    "BookingReceipt",
    "ChangeUnconfirmed",
    "CounterRepairs",
    "FloorOutcome",
    "GuestDetails",
    "HitParty",
    "LeftReason",
    "LimitEdit",
    "LimitsSet",
    "Materialization",
    "MovedParty",
    "Override",
    "PartyLeft",
    "PlacedTable",
    "RaisedExcess",
    "Reseated",
    "SettingsOutcome",
    "TablePlace",
    "WrittenRule",
    "add_rollout_note",
    "assign_tables",
    "block_section",
    "block_tables",
    "cancel_booking",
    "change_booking",
    "change_settings",
    "correct_guest",
    "create_booking_with_capacity_check",
    "create_restaurant",
    "delete_row",
    "delete_settings_row",
    "extend_stay",
    "keep_booking",
    "leave_early",
    "lift_pause",
    "mark_arrived",
    "mark_no_show",
    "materialize_service_days",
    "pause_online",
    "pin_tables",
    "place_tables",
    "plan_materialization",
    "rebuild_counters",
    "resume_enforcement",
    "roll_back_enforcement",
    "save_row",
    "save_settings_row",
    "seat_party",
    "seat_walk_in",
    "set_limits",
    "set_restaurant_mode",
    "set_rollout_percent",
    "set_table_status",
    "swap_tables",
    "unblock_table",
    "undo_change",
    "unpin_tables",
]
