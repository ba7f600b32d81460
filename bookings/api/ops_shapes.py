"""The shapes of answers to the staff about the floor, for the schema; `bookings.answers` makes the answers."""

from rest_framework import serializers

from bookings.api.shapes import REASON_CODES, Reason, number, wall_time
from bookings.explanation import HolderState, LeverKind
from bookings.selectors.overruns import Rescue
from tables.choices import Audience, SeatingType
from tables.seating import Step


def table_numbers(**kwargs: object) -> serializers.ListField:
    """Return a list of table numbers."""
    return serializers.ListField(child=serializers.CharField(), **kwargs)  # type: ignore[arg-type]


def seating_type() -> serializers.ChoiceField:
    """Return a seating wish, null for none."""
    return serializers.ChoiceField(choices=SeatingType.choices, allow_null=True)


class PartyMove(serializers.Serializer[object]):
    """A party that goes to other tables; an empty `from`: it had none."""

    reference = serializers.CharField()
    partySize = serializers.IntegerField()
    time = wall_time()
    startsAt = serializers.DateTimeField()
    to = table_numbers()
    text = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """Add `from`, which is no name that Python would take."""
        return {**super().get_fields(), "from": table_numbers()}


class Plan(serializers.Serializer[object]):
    """The tables of the party, and who is moved for it."""

    tables = table_numbers()
    step = serializers.ChoiceField(choices=[step.value for step in Step], help_text="Of the planner.")
    spareSeats = serializers.IntegerField()
    moves = PartyMove(many=True)


class Holder(serializers.Serializer[object]):
    """What holds a table: a booking, or (state `block`) a block with its reason. The buffer is included."""

    table = serializers.CharField()
    state = serializers.ChoiceField(choices=[state.value for state in HolderState])
    reference = serializers.CharField(allow_null=True)
    partySize = number()
    until = wall_time()
    startsAt = serializers.DateTimeField()
    endsAt = serializers.DateTimeField()
    reason = serializers.CharField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """Add `from`, which is no name that Python would take."""
        return {**super().get_fields(), "from": wall_time()}


class SuitableTables(serializers.Serializer[object]):
    """A table, or the tables of a combination, that could ever take the party."""

    tables = table_numbers()
    minPartySize = serializers.IntegerField()
    maxPartySize = serializers.IntegerField()
    free = serializers.BooleanField()
    heldBy = Holder(many=True)


class RaisedLimit(serializers.Serializer[object]):
    """A limit that would have to be higher by `more`."""

    code = serializers.ChoiceField(choices=REASON_CODES)
    limit = serializers.IntegerField()
    more = serializers.IntegerField()


class Lever(serializers.Serializer[object]):
    """A change that makes room by itself; what it leaves alone is as it was asked."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in LeverKind])
    text = serializers.CharField()
    steps = serializers.IntegerField(help_text="Slots, covers, parties, tables, bookings or blocks that change.")
    time = wall_time()
    startsAt = serializers.DateTimeField()
    partySize = serializers.IntegerField()
    turnMinutes = serializers.IntegerField()
    seating = seating_type()
    channel = serializers.ChoiceField(choices=Audience.values)
    limits = RaisedLimit(many=True)
    freedTables = table_numbers(help_text="To open to the way in, or to free of a block.")
    releasedReferences = serializers.ListField(child=serializers.CharField(), help_text="Bookings to unpin or move.")
    plan = Plan(allow_null=True)


class FirstFit(serializers.Serializer[object]):
    """What a system says that gives the first free table by number and moves nobody."""

    available = serializers.BooleanField()
    tables = table_numbers()
    suitableTables = serializers.IntegerField()
    suitableCombinations = serializers.IntegerField()
    text = serializers.CharField()


class Explanation(serializers.Serializer[object]):
    """Why a party is taken or refused."""

    restaurantId = serializers.UUIDField()
    date = serializers.DateField()
    timezone = serializers.CharField()
    time = wall_time()
    startsAt = serializers.DateTimeField()
    endsAt = serializers.DateTimeField()
    tableUntil = serializers.DateTimeField(help_text="`endsAt` and the buffer.")
    partySize = serializers.IntegerField()
    seating = seating_type()
    channel = serializers.ChoiceField(choices=Audience.values)
    available = serializers.BooleanField()
    undecided = serializers.BooleanField(help_text="Neither a plan nor a proof was found in time.")
    enforced = serializers.BooleanField(help_text="False in shadow mode, where `waived` would refuse.")
    summary = serializers.CharField()
    reasons = Reason(many=True)
    waived = Reason(many=True)
    plan = Plan(allow_null=True)
    tables = SuitableTables(many=True, help_text="The best first; empty where no table is needed.")
    levers = Lever(many=True, help_text="At most 8, the smallest first; empty if the party is taken.")
    allLeversTried = serializers.BooleanField(help_text="False if time ran out before.")
    firstFit = FirstFit(allow_null=True)


class LaterBooking(serializers.Serializer[object]):
    """A booking that comes to the table of a seated party, which has to leave by `losesTableAt`."""

    reference = serializers.CharField()
    partySize = serializers.IntegerField()
    time = wall_time()
    startsAt = serializers.DateTimeField()
    tables = table_numbers()
    losesTableAt = serializers.DateTimeField()
    hasLostTable = serializers.BooleanField()
    rescue = serializers.ChoiceField(choices=[rescue.value for rescue in Rescue])
    newTables = table_numbers()


class Overrun(serializers.Serializer[object]):
    """A seated party whose time is over, or (`over` false, `minutesOver` below 0) is within the next slot."""

    reference = serializers.CharField()
    partySize = serializers.IntegerField()
    tables = table_numbers()
    over = serializers.BooleanField()
    minutesOver = serializers.IntegerField()
    endTime = wall_time()
    endsAt = serializers.DateTimeField()
    staysUntil = serializers.DateTimeField(help_text="As the re-seating reckons.")
    later = LaterBooking(many=True)


class Overruns(serializers.Serializer[object]):
    """Seated parties past their time, and the moves that save tables for who comes next."""

    restaurantId = serializers.UUIDField()
    timezone = serializers.CharField()
    now = serializers.DateTimeField()
    overruns = Overrun(many=True)
    moves = PartyMove(many=True)


class TableCount(serializers.Serializer[object]):
    """Tables and combinations for a party size; sizes share tables."""

    partySize = serializers.IntegerField()
    total = serializers.IntegerField()
    free = serializers.IntegerField(help_text="For the whole stay and its buffer, without moving anybody.")


class SlotTableCounts(serializers.Serializer[object]):
    """A start."""

    time = wall_time()
    startsAt = serializers.DateTimeField()
    periodName = serializers.CharField()
    closed = serializers.BooleanField()
    counts = TableCount(many=True)


class TableCounts(serializers.Serializer[object]):
    """All starts of a business date in services that seat at tables, by `startsAt`."""

    restaurantId = serializers.UUIDField()
    date = serializers.DateField()
    timezone = serializers.CharField()
    channel = serializers.ChoiceField(choices=Audience.values)
    slots = SlotTableCounts(many=True)
