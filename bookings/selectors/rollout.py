"""The reads of the rollout: its standing, the next restaurants, and the course of each restaurant."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from bookings.choices import DecisionOperation, DecisionVerdict
from bookings.models import Booking, Decision, RolloutChange, RolloutNote
from bookings.selectors.modes import EnforcementStanding, Mode, get_enforcement_standing, mode_of
from capacity.rollout_order import Candidate, change_for_percentage
from capacity.selectors import read_clock
from tables.choices import EnforcementMode
from tables.models import Restaurant

LATELY = timedelta(days=7)


@dataclass(frozen=True)
class RestaurantRollout:
    """A restaurant in the rollout: its mode, its last change, its recent decisions, and its tickets.

    `would_be_refusals` are those of the `decisions` of the last seven days that limits would have refused.
    """

    restaurant: Restaurant
    mode: Mode
    last_change: RolloutChange | None
    decisions: int
    would_be_refusals: int
    tickets: int


@dataclass(frozen=True)
class RolloutStatus:
    """The active restaurants, by name, under the standing of environment and switch."""

    now: datetime
    standing: EnforcementStanding
    restaurants: tuple[RestaurantRollout, ...]

    @property
    def set_to_enforce(self) -> int:
        """Return the number of restaurants set to enforce, also where the setting does not act."""
        return sum(row.restaurant.enforcement == EnforcementMode.ENFORCE for row in self.restaurants)

    @property
    def enforcing(self) -> int:
        """Return the number of restaurants that really enforce."""
        return sum(row.mode.is_enforced for row in self.restaurants)

    @property
    def percent(self) -> int:
        """Return the percentage of restaurants that really enforce: 100 for all, 0 for none, else between."""
        if not self.enforcing:
            return 0
        return max(1, 100 * self.enforcing // len(self.restaurants))


@dataclass(frozen=True)
class RolloutPlan:
    """The restaurants that would join and leave, in the order of joining, so that `wanted` of `total` enforce."""

    percent: int
    total: int
    wanted: int
    joining: tuple[Restaurant, ...]
    leaving: tuple[Restaurant, ...]


def get_rollout_status() -> RolloutStatus:
    """Get the standing of every active restaurant in 6 queries."""
    now = read_clock()
    standing = get_enforcement_standing()
    restaurants = list(Restaurant.objects.filter(active=True).order_by("name", "pk"))
    ids = [restaurant.pk for restaurant in restaurants]
    changes, decisions, tickets = _read_changes(ids), _count_decisions(ids, since=now - LATELY), _sum_tickets(ids)
    return RolloutStatus(
        now=now,
        standing=standing,
        restaurants=tuple(
            RestaurantRollout(
                restaurant=restaurant,
                mode=mode_of(restaurant, standing),
                last_change=changes.get(restaurant.pk),
                decisions=decisions.get(restaurant.pk, (0, 0))[0],
                would_be_refusals=decisions.get(restaurant.pk, (0, 0))[1],
                tickets=tickets.get(restaurant.pk, 0),
            )
            for restaurant in restaurants
        ),
    )


def _read_changes(ids: Iterable[int]) -> dict[int, RolloutChange]:
    newest_first = RolloutChange.objects.filter(restaurant__in=ids).order_by("restaurant", "-created_at", "-pk")
    return {change.restaurant_id: change for change in newest_first.distinct("restaurant") if change.restaurant_id}


def _count_decisions(ids: Iterable[int], *, since: datetime) -> dict[int, tuple[int, int]]:
    requests = Decision.objects.exclude(operation=DecisionOperation.STAY)
    seen = requests.filter(restaurant__in=ids, decided_at__gte=since).values_list("restaurant_id")
    counted = seen.annotate(seen=Count("pk"), waived=Count("pk", filter=Q(verdict=DecisionVerdict.WAIVED)))
    return {restaurant_id: (decisions, waived) for restaurant_id, decisions, waived in counted}


def _sum_tickets(ids: Iterable[int]) -> dict[int, int]:
    noted = RolloutNote.objects.filter(restaurant__in=ids).values_list("restaurant_id")
    return dict(noted.annotate(sum=Sum("tickets")))


def plan_rollout_percent(percent: int) -> RolloutPlan:
    """Plan the restaurants to join or leave for a percentage of the active ones, in 1 query."""
    restaurants = {restaurant.public_id: restaurant for restaurant in Restaurant.objects.filter(active=True)}
    change = change_for_percentage(
        [
            Candidate(row.public_id, row.beta_partner, row.enforcement == EnforcementMode.ENFORCE)
            for row in restaurants.values()
        ],
        percent,
    )
    return RolloutPlan(
        percent=percent,
        total=len(restaurants),
        wanted=change.wanted,
        joining=tuple(restaurants[candidate.public_id] for candidate in change.joining),
        leaving=tuple(restaurants[candidate.public_id] for candidate in change.leaving),
    )


def count_restaurants_taken_off_enforcement() -> int:
    """Count the active restaurants in shadow that took bookings while they were set to enforce, in 1 query.

    A restaurant created to enforce and set to shadow before its first booking begins its rollout, and does not count.
    """
    newest_first = RolloutChange.objects.filter(restaurant=OuterRef("pk")).order_by("-created_at", "-pk")
    in_shadow = Restaurant.objects.filter(active=True, enforcement=EnforcementMode.SHADOW).annotate(
        was=Subquery(newest_first.values("from_value")[:1]),
        since=Coalesce(Subquery(newest_first.values("created_at")[1:2]), "created_at"),
        until=Subquery(newest_first.values("created_at")[:1]),
    )
    booked = Booking.objects.filter(
        restaurant=OuterRef("pk"), created_at__gte=OuterRef("since"), created_at__lt=OuterRef("until")
    )
    return in_shadow.filter(Exists(booked), was=EnforcementMode.ENFORCE).count()
