"""The shapes of answers, for the schema. `bookings.api.answers` makes the answers; tests hold the two together."""

from rest_framework import serializers

from bookings.api.answers.restaurants import WEEKDAYS
from bookings.choices import BookingStatus
from bookings.insight.explain import HolderState, LeverKind
from bookings.insight.explain.overruns import Rescue
from capacity.policy import ReasonCode
from tables.choices import Audience, SeatingType
from tables.seating import Step

REASON_CODES = [code.value for code in ReasonCode]


def number(**kwargs: object) -> serializers.IntegerField:
    """Return an integer that is null where there is no limit, or where numbers are not public."""
    return serializers.IntegerField(allow_null=True, **kwargs)  # type: ignore[arg-type]


def wall_time(**kwargs: object) -> serializers.RegexField:
    """Return a wall-clock time, HH:MM."""
    return serializers.RegexField(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", **kwargs)  # type: ignore[arg-type]


class Reason(serializers.Serializer[object]):
    """Why not: `used` of `limit` are taken, and `asked` more are wanted."""

    code = serializers.ChoiceField(choices=REASON_CODES)
    limit = number()
    used = number()
    asked = number()


class AlternativeSlot(serializers.Serializer[object]):
    """Another start that really takes the party."""

    time = wall_time()
    startsAt = serializers.DateTimeField()


class FullestLimit(serializers.Serializer[object]):
    """The limit that this start meets and that is used most."""

    code = serializers.ChoiceField(choices=REASON_CODES)
    limit = number()
    used = number()
    percent = number()


class Capacity(serializers.Serializer[object]):
    """How full the service is; null numbers: no limit, or not public."""

    periodName = serializers.CharField()
    maxCovers = number()
    bookedCovers = number()
    remainingCovers = number()
    utilizationPercent = number()
    fullest = FullestLimit(allow_null=True)


class TimeAvailability(serializers.Serializer[object]):
    """One start."""

    restaurantId = serializers.UUIDField()
    date = serializers.DateField()
    timezone = serializers.CharField()
    time = wall_time()
    startsAt = serializers.DateTimeField()
    partySize = serializers.IntegerField()
    available = serializers.BooleanField()
    capacity = Capacity(allow_null=True)
    reasons = Reason(many=True)
    alternatives = serializers.ListField(child=wall_time(), help_text="At most 5, nearest first.")
    alternativeSlots = AlternativeSlot(many=True)


class Start(serializers.Serializer[object]):
    """One of the starts of a business date."""

    time = wall_time()
    startsAt = serializers.DateTimeField()
    available = serializers.BooleanField()
    utilizationPercent = number(help_text="Of the covers of its service.")
    reasons = Reason(many=True)


class PeriodState(serializers.Serializer[object]):
    """A service of the business date."""

    name = serializers.CharField()
    startTime = wall_time(allow_null=True)
    endTime = wall_time(allow_null=True)
    maxCovers = number()
    bookedCovers = number()
    bookedParties = number()


class DayAvailability(serializers.Serializer[object]):
    """All starts of a business date, by `startsAt`."""

    restaurantId = serializers.UUIDField()
    date = serializers.DateField()
    timezone = serializers.CharField()
    partySize = serializers.IntegerField()
    available = serializers.BooleanField()
    slots = Start(many=True)
    periods = PeriodState(many=True)
    alternatives = serializers.ListField(child=wall_time(), max_length=0)


class AvailableDay(serializers.Serializer[object]):
    """Whether any start of a business date takes the party, and every reason that kept one from it."""

    date = serializers.DateField()
    available = serializers.BooleanField()
    reasons = Reason(many=True)


class AvailableDays(serializers.Serializer[object]):
    """Business dates, in order."""

    days = AvailableDay(many=True)


class Booking(serializers.Serializer[object]):
    """A booking, for its guest."""

    id = serializers.UUIDField()
    reference = serializers.CharField()
    status = serializers.ChoiceField(choices=BookingStatus.values)
    restaurantId = serializers.UUIDField()
    date = serializers.DateField()
    timezone = serializers.CharField()
    startTime = wall_time()
    endTime = wall_time()
    startsAt = serializers.DateTimeField()
    endsAt = serializers.DateTimeField()
    partySize = serializers.IntegerField()
    name = serializers.CharField()
    tables = serializers.ListField(child=serializers.CharField(), help_text="Empty unless the restaurant shows them.")


class ManagedBooking(serializers.Serializer[object]):
    """A booking, for whoever holds its manage token."""

    booking = Booking()


class CreatedBooking(serializers.Serializer[object]):
    """A new booking and the key to it."""

    booking = Booking()
    manageToken = serializers.CharField(help_text="For X-Manage-Token, or ?token= in links.")
    capacity = Capacity(allow_null=True, help_text="With this party.")


class PartySizeRange(serializers.Serializer[object]):
    """Party sizes that can be booked online."""

    min = serializers.IntegerField()
    max = serializers.IntegerField()


class Restaurant(serializers.Serializer[object]):
    """A restaurant that takes bookings."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    timezone = serializers.CharField()
    slotMinutes = serializers.IntegerField()
    partySize = PartySizeRange()


class RestaurantPage(serializers.Serializer[object]):
    """Restaurants by slug, and the address of the next page."""

    results = Restaurant(many=True)
    next = serializers.URLField(allow_null=True)


class ServiceHours(serializers.Serializer[object]):
    """When guests are seated: on weekdays, or on the one `date` of special hours, which replace the weekday's."""

    name = serializers.CharField()
    days = serializers.ListField(child=serializers.ChoiceField(choices=WEEKDAYS))
    date = serializers.DateField(allow_null=True)
    validFrom = serializers.DateField(allow_null=True)
    validTo = serializers.DateField(allow_null=True)
    startTime = wall_time()
    lastSeating = wall_time()
    endTime = wall_time()


class RestaurantDetail(Restaurant):
    """A restaurant and its service periods."""

    servicePeriods = ServiceHours(many=True)


class UtilizedPeriod(PeriodState):
    """A service of the business date, for the staff."""

    maxParties = number()
    utilizationPercent = number()


class UtilizedSlot(serializers.Serializer[object]):
    """A start time: who starts, who is present, and the limits of both."""

    time = wall_time()
    startsAt = serializers.DateTimeField()
    periodName = serializers.CharField()
    bookable = serializers.BooleanField()
    startingCovers = serializers.IntegerField()
    startingParties = serializers.IntegerField()
    presentCovers = serializers.IntegerField()
    presentParties = serializers.IntegerField()
    pacingCovers = number()
    pacingParties = number()
    occupancyCovers = number()
    occupancyParties = number()


class Utilization(serializers.Serializer[object]):
    """How full the services of a business date are."""

    restaurantId = serializers.UUIDField()
    date = serializers.DateField()
    timezone = serializers.CharField()
    hasOverbooking = serializers.BooleanField(help_text="Any limit is passed, authorised or not.")
    periods = UtilizedPeriod(many=True)
    slots = UtilizedSlot(many=True)


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
