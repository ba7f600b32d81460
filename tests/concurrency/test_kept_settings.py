"""Settings that a process has kept while another one changes them: they decide nothing any more."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import time
from functools import partial
from threading import Event
from typing import Any

import pytest
from cachetools import LRUCache
from django.db import connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from bookings.services import delete_settings_row, save_settings_row
from capacity.models import Closure, TurnTime
from capacity.selectors import service_settings as selectors
from tables.choices import TableStatus
from tables.models import Restaurant
from tests.helpers.crowd import BOOKED, PATIENCE_SECONDS, Crowd, outcome_of
from tests.helpers.missing_protections import versions_stay
from tests.helpers.race_houses import House, dinner_house, seated_house
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Points, wait_until_blocked

FULL = "CAPACITY_EXCEEDED"
CLOSED = "OPERATING_HOURS_CLOSED"
OTHERS = 7


@dataclass(frozen=True)
class Kind:
    """One kind of settings: a house, a change that takes the room from a party, and the answer to it then.

    `is_in_rows`: the change is written to the service day and its slots as well, which every decision reads anew.
    """

    table: str
    house: Callable[[], House]
    change: Callable[[House], object]
    answer: str
    party_size: int = 4
    is_in_rows: bool = False


def changing(row: Model, **columns: Any) -> object:
    for name, value in columns.items():
        setattr(row, name, value)
    return save_settings_row(row=row)


def lower_the_limit(house: House) -> object:
    return changing(house.rule, max_covers=2)


def take_smaller_parties(house: House) -> object:
    return changing(Restaurant.objects.get(pk=house.restaurant.pk), party_size_max=2)


def close(house: House) -> object:
    on = house.business_date
    return save_settings_row(row=Closure(restaurant=house.restaurant, from_date=on, to_date=on))


def begin_later(house: House) -> object:
    return changing(house.restaurant.service_periods.get(), start_time=time(20), last_seating=time(20))


def let_parties_stay_into_the_limit(house: House) -> object:
    """Let turns be so long that a stay of 19:00 meets another slot, which is full."""
    return save_settings_row(row=TurnTime(restaurant=house.restaurant, up_to=4, minutes=240))


def house_with_a_full_slot() -> House:
    house = dinner_house()
    changing(house.restaurant.service_periods.get(), last_seating=time(22), end_time=time(23, 30))
    changing(house.rule, from_time=time(22), to_time=time(23), occupancy_covers=2)
    return house


def two_combined() -> House:
    return seated_house(2, 2, combined=[(1, 2)])


KINDS = {
    "rule": Kind(
        "restaurant_capacity_rules",
        dinner_house,
        lambda house: changing(house.rule, max_covers=2),
        FULL,
        is_in_rows=True,
    ),
    "closure": Kind("capacity_closure", dinner_house, close, CLOSED),
    "period": Kind("capacity_serviceperiod", dinner_house, begin_later, CLOSED, is_in_rows=True),
    "turn time": Kind("capacity_turntime", house_with_a_full_slot, let_parties_stay_into_the_limit, FULL),
    "restaurant": Kind("tables_restaurant", dinner_house, take_smaller_parties, "PARTY_SIZE_NOT_ACCEPTED"),
    "table": Kind(
        "table_inventory",
        lambda: seated_house(4),
        lambda house: changing(house.restaurant.tables.get(), status=TableStatus.OUT_OF_SERVICE),
        FULL,
    ),
    "combination": Kind(
        "tables_tablecombination",
        two_combined,
        lambda house: delete_settings_row(row=house.restaurant.combinations.get()),
        FULL,
        party_size=6,
    ),
}
of_each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def kept(house: House) -> selectors.ServiceSettings:
    """Let the process know the settings of a house as they are now."""
    selectors.get_service_settings(house.restaurant.pk)
    return selectors._kept[house.restaurant.pk]


def as_another_process_knows(house: House, settings: selectors.ServiceSettings) -> None:
    """Put settings back where this process has seen the change that another one has not."""
    selectors._kept[house.restaurant.pk] = settings


@of_each_kind
def test_a_change_by_another_process_decides_the_next_booking(
    crowd: Crowd, rounds: range, isolation: str, kind: Kind
) -> None:
    for _ in range(5 * len(rounds)):
        house = kind.house()
        before = kept(house)

        with watched(house.restaurant):
            guest, change = crowd.run([house.booking(kind.party_size), partial(kind.change, house)])
            as_another_process_knows(house, before)
            late = outcome_of(crowd.start(house.booking(kind.party_size)))

        assert change.code == BOOKED
        assert guest.code in (BOOKED, kind.answer)
        assert late.code == kind.answer


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if not kind.is_in_rows], ids=lambda each: each.table)
def test_without_a_new_version_the_settings_of_the_past_decide(crowd: Crowd, isolation: str, kind: Kind) -> None:
    house = kind.house()
    before = kept(house)

    with versions_stay(kind.table):
        kind.change(house)
        as_another_process_knows(house, before)
        late = outcome_of(crowd.start(house.booking(kind.party_size)))

    assert late.code == BOOKED


@of_each_kind
def test_every_write_raises_the_version_and_without_the_trigger_none(crowd: Crowd, kind: Kind) -> None:
    house, unseen = kind.house(), kind.house()
    before, before_unseen = kept(house).version, kept(unseen).version

    kind.change(house)
    with versions_stay(kind.table):
        kind.change(unseen)

    assert kept(house).version != before
    assert kept(unseen).version == before_unseen


def test_what_changes_while_settings_are_read_is_read_with_its_version(transactional_db: None, crowd: Crowd) -> None:
    house = dinner_house()
    selectors.forget_settings(house.restaurant.pk)
    ask = partial(selectors.get_service_settings, house.restaurant.pk)
    is_locked, is_read = Event(), Event()

    def change_once_read() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            # Who reads waits here.
            cursor.execute("LOCK TABLE capacity_closure IN ACCESS EXCLUSIVE MODE")
            is_locked.set()
            assert is_read.wait(PATIENCE_SECONDS)
            house.restaurant.turn_times.update(minutes=45)

    change = crowd.start(change_once_read)
    assert is_locked.wait(PATIENCE_SECONDS)
    reading = crowd.start(ask)
    wait_until_blocked()
    is_read.set()
    change.result(PATIENCE_SECONDS)
    found, current = reading.result(PATIENCE_SECONDS), ask()

    assert (found.version == current.version) == (found.bands == current.bands)
    assert {band.minutes for band in current.bands} == {45}


def test_what_is_no_longer_kept_whole_is_unpacked_until_it_changes(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "_kept", LRUCache(maxsize=1))
    house, other = dinner_house(), dinner_house()
    read = kept(house)
    kept(other)

    with CaptureQueriesContext(connection) as queries:
        assert replace(kept(house), now=read.now) == read
    assert len(queries) == 1
    kept(other)
    house.restaurant.turn_times.update(minutes=45)

    assert {band.minutes for band in kept(house).bands} == {45}
    kept(other)
    selectors.forget_settings(house.restaurant.pk)

    with CaptureQueriesContext(connection) as queries:
        kept(house)
    assert len(queries) == 2


def test_of_all_who_ask_at_once_for_settings_that_are_not_kept_one_reads(
    transactional_db: None, crowd: Crowd, points: Points
) -> None:
    house = dinner_house()
    selectors.forget_settings(house.restaurant.pk)
    ask = partial(selectors.get_service_settings, house.restaurant.pk)
    read: list[int] = []
    rows_of = selectors._read_rows
    points.replace("capacity.selectors.service_settings._read_rows", lambda ids: read.extend(ids) or rows_of(ids))
    pause = points.pause_before("capacity.selectors.service_settings._settings_of_row")

    calls = [crowd.start(ask)]
    pause.wait_for_arrival()
    calls += [crowd.start(ask) for _ in range(OTHERS)]
    while len(selectors._READING._waiting) < OTHERS and not all(call.done() for call in calls[1:]):
        pass
    pause.release()

    assert len({call.result(PATIENCE_SECONDS).version for call in calls}) == 1
    assert read == [house.restaurant.pk]
