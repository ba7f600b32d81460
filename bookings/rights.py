"""The rights of each role, in the words of Django's permissions. This table is the only place that says so.

A user has them in the restaurants of the role alone. What an owner ticks on the page of a user besides, one by one,
counts in all restaurants of that user.
"""

from collections.abc import Iterable, Mapping

from bookings.choices import Role

SETTINGS = (
    *("capacity.serviceperiod", "capacity.turntime", "capacity.capacityrule", "capacity.closure"),
    *("tables.section", "tables.table", "tables.tablecombination", "tables.tableblock"),
)
KEYS = "bookings.apikey"
# None of Django's, which could be given to an account: an owner of the restaurant has it, or of the installation.
GIVE_ROLES = "bookings.give_roles"
# To book past a limit, out of hours or without a table.
MAY_OVERRIDE = "bookings.override_capacity"
# None of Django's either. To take bookings or tables out as a file, and to bring them in by one.
USE_FILES = "bookings.use_files"
WRITE = ("add", "change", "delete")


def _permissions(verbs: Iterable[str], *models: str) -> frozenset[str]:
    named = (model.split(".") for model in models)
    return frozenset(f"{app}.{verb}_{model}" for app, model in named for verb in verbs)


COUNTERS = _permissions(["view"], "capacity.serviceday", "capacity.bookingslot")
GUESTS = _permissions(["view"], "bookings.booking", "bookings.bookingevent", "bookings.tableassignment")
OVERSIGHT = _permissions(["view"], "bookings.decision", "bookings.capacityoverride", "bookings.auditrun")

HOST = (
    COUNTERS
    | GUESTS
    | _permissions(["add", "change"], "bookings.booking")
    | _permissions(["view"], "tables.table")
    | _permissions(["view", "add", "delete"], "tables.tableblock")
    | _permissions(["view"], "capacity.onlinepause")
)
MANAGER = (
    HOST
    | OVERSIGHT
    | _permissions(["view", *WRITE], *SETTINGS)
    | _permissions(["view", "change"], "tables.restaurant")
    | {MAY_OVERRIDE, USE_FILES}
)
# The guests are none of an engineer's business.
ENGINEER = (
    COUNTERS
    | OVERSIGHT
    | _permissions(["view"], *SETTINGS, "tables.restaurant")
    | _permissions(["view", "add", "change"], KEYS)
)
OWNER = MANAGER | ENGINEER | {GIVE_ROLES}

PERMISSIONS_OF: Mapping[str, frozenset[str]] = {
    Role.HOST: HOST,
    Role.MANAGER: MANAGER,
    Role.OWNER: OWNER,
    Role.ENGINEER: ENGINEER,
    Role.CUSTOM: frozenset(),
}


# With a password alone nobody gives rights, makes keys or changes what an evening may hold for ever after.
ROLES_WITH_SECOND_FACTOR = frozenset({Role.OWNER, Role.ENGINEER})


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Return what any of some roles may do."""
    return frozenset().union(*(PERMISSIONS_OF[role] for role in roles))
