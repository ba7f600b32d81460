"""Two restaurants with a row of every kind: what is of the second one says so, wherever it is shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Model

from bookings.choices import OverrideSource, Role, RolloutAction
from bookings.models import (
    AuditRun,
    CapacityOverride,
    Decision,
    RolloutChange,
    RolloutNote,
)
from bookings.services import GuestDetails
from bookings.services.upkeep.api_keys import create_api_key
from capacity.models import OnlinePause
from tables.models import Restaurant, TableBlock
from tests.helpers.dining_room import book, room
from tests.helpers.factories import (
    CapacityRuleFactory,
    ClosureFactory,
    MembershipFactory,
    SectionFactory,
    TableCombinationFactory,
    UserFactory,
    days_ahead,
)

Rows = dict[str, Model]


def furnished(name: str) -> Rows:
    """Make a restaurant and a row of every kind of it, by the names of Django; each text in them holds the name."""
    house = room(2, 4, name=name, slug=name.lower(), email=f"{name.lower()}@example.com", address=name)
    section = SectionFactory(restaurant=house, name=f"{name} floor")
    for table in house.tables.all():
        table.number, table.section = f"{name} {table.number}", section
        table.save()
    house.service_periods.update(name=f"{name} dinner")
    booking = book(house, guest=GuestDetails(f"{name} guest", f"{name.lower()}@example.com", "+442071838750"))
    user = UserFactory(is_staff=True, username=name.lower(), first_name=name, email=f"{name.lower()}@example.com")
    rows = [house, section, booking, booking.service_day, booking.service_day.slots.order_by("pk")[0], user]
    rows += [house.tables.order_by("pk")[0], house.service_periods.get(), house.turn_times.get()]
    rows += [*_settings(house, name), *_oversight(house, booking, name)]
    rows += [create_api_key(restaurant_id=house.pk, name=name).api_key]
    rows += [MembershipFactory(user=user, restaurant=house, role=Role.OWNER), Group.objects.create(name=name)]
    return {row._meta.label_lower: row for row in rows}


def _settings(house: Restaurant, name: str) -> list[Any]:
    starts_at = datetime.now(UTC) + timedelta(days=2)
    return [
        CapacityRuleFactory(restaurant=house, max_covers=80, note=name),
        ClosureFactory(restaurant=house, note=name, from_date=days_ahead(60)),
        TableCombinationFactory(restaurant=house, tables=list(house.tables.all())),
        OnlinePause.objects.create(
            restaurant=house,
            service_period=house.service_periods.get(),
            business_date=starts_at.date(),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            reason=name,
        ),
        TableBlock.objects.create(
            restaurant=house,
            table=house.tables.order_by("pk")[0],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            reason=name,
        ),
    ]


def _oversight(house: Restaurant, booking: Any, name: str) -> list[Any]:
    now = datetime.now(UTC)
    said = {"restaurant": house, "reason": name}
    finding = {"kind": "SERVICE_COVERS", "restaurant": house.slug, "message": name, "bookings": []}
    return [
        Decision.objects.get(restaurant=house),
        CapacityOverride.objects.create(
            service_day=booking.service_day, limit="SERVICE_COVERS", amount=1, source=OverrideSource.STAFF, **said
        ),
        AuditRun.objects.create(
            restaurant=house,
            started_at=now,
            finished_at=now,
            has_overbooking=True,
            overbookings=1,
            report={"overbookings": [finding]},
        ),
        RolloutChange.objects.create(
            action=RolloutAction.values[0], from_value="shadow", to_value="enforce", actor_label=name, **said
        ),
        RolloutNote.objects.create(restaurant=house, tickets=1, text=name, actor_label=name),
    ]
