"""The shapes of answers, for the schema. `bookings.answers` makes the answers; tests hold the two together."""

from rest_framework import serializers

from bookings.answers.restaurants import WEEKDAYS
from bookings.choices import BookingStatus
from capacity.policy import ReasonCode

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
