"""Importing and exporting a restaurant: what happens to the rows, through the commands."""

from datetime import date, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from psycopg.types.range import Range

from bookings.models import TableAssignment
from bookings.services import delete_settings_row
from capacity.models import BookingSlot, CapacityRule, Closure, ServiceDay, ServicePeriod, TurnTime
from tables.models import Restaurant, Section, Table, TableCombination
from tests.helpers import factories

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[4]
CAFE = """\
restaurant: {slug: cafe, name: Café, timezone: Europe/Paris}
sections: [{name: Room}, {name: Terrace}]
tables:
- {number: T1, capacity: 2, section: Room}
- {number: T2, capacity: 4, section: Terrace}
combinations: [{tables: [T1, T2], min_party_size: 5, max_party_size: 6}]
service_periods: [{name: Dinner, days: [mon, tue, wed, thu, fri, sat, sun],
                   start: 17:00, last_seating: 21:30, end: 23:00}]
turn_times: [{up_to: 4, minutes: 90, service_period: Dinner}]
capacity_rules: [{service_period: Dinner, max_covers: 40}, {pacing_covers: 12}]
closures: [{date: 2027-12-25, service_period: Dinner, note: Christmas}]
"""
SETTINGS: tuple[type[Model], ...] = (
    Restaurant,
    Section,
    Table,
    TableCombination,
    ServicePeriod,
    TurnTime,
    CapacityRule,
    Closure,
)


@pytest.fixture
def cafe(tmp_path: Path) -> Path:
    return write(tmp_path, CAFE)


def write(directory: Path, text: str) -> Path:
    path = directory / "restaurant.yaml"
    path.write_text(text)
    return path


def run(command: str, *arguments: object) -> str:
    said = StringIO()
    call_command(command, *map(str, arguments), stdout=said)
    return said.getvalue()


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Read every column of every settings row, with the tables of combinations."""
    rows = {model.__name__: list(model._default_manager.order_by("pk").values()) for model in SETTINGS}
    rows["through"] = list(TableCombination.tables.through.objects.order_by("pk").values())
    return rows


def assign(table: Table, day: date) -> TableAssignment:
    booking = factories.BookingFactory(restaurant=table.restaurant, business_date=day)
    during = Range(booking.starts_at, booking.ends_at)
    return TableAssignment.objects.create(
        restaurant=table.restaurant, booking=booking, table=table, during=during, assigned_by="test"
    )


def test_a_file_makes_a_restaurant(cafe: Path) -> None:
    said = run("import_restaurant", cafe)

    house = Restaurant.objects.get(slug="cafe")
    assert (house.name, house.timezone, house.party_size_max, house.buffer_minutes) == ("Café", "Europe/Paris", 8, 0)
    assert list(house.sections.order_by("position").values_list("name", "position")) == [("Room", 0), ("Terrace", 1)]
    assert list(house.tables.order_by("number").values_list("number", "max_party_size", "section__name")) == [
        ("T1", 2, "Room"),
        ("T2", 4, "Terrace"),
    ]
    combination = house.combinations.get()
    assert set(combination.tables.all()) == set(house.tables.all())
    dinner = house.service_periods.get()
    assert (dinner.weekdays, dinner.start_time, dinner.seating_mode) == ([1, 2, 3, 4, 5, 6, 7], time(17), "tables")
    assert house.turn_times.get().service_period == dinner
    rules = house.capacity_rules.order_by("pk").values_list("service_period", "max_covers", "pacing_covers")
    assert list(rules) == [(dinner.pk, 40, None), (None, None, 12)]
    closure = house.closures.get()
    assert (closure.from_date, closure.to_date, closure.channel) == (date(2027, 12, 25), date(2027, 12, 25), "all")
    assert said.splitlines()[:3] == ["cafe: 11 rows changed", "  + restaurant cafe", "  + section Room"]


def test_the_second_import_changes_nothing(cafe: Path) -> None:
    run("import_restaurant", cafe)
    before = all_rows()

    assert run("import_restaurant", cafe) == "cafe: no changes\n"
    assert all_rows() == before


@pytest.mark.parametrize("name", ["bistro", "bar"])
def test_an_export_imports_to_the_same_rows_and_exports_to_the_same_file(name: str, tmp_path: Path) -> None:
    run("import_restaurant", ROOT / "demo" / f"{name}.yaml")
    rows = all_rows()
    exported = tmp_path / "exported.yaml"
    run("export_restaurant", f"demo-{name}", "--output", exported)

    assert run("import_restaurant", exported) == f"demo-{name}: no changes\n"
    assert all_rows() == rows
    assert run("export_restaurant", f"demo-{name}") == exported.read_text()

    Table.objects.all().delete()
    Restaurant.objects.all().delete()
    run("import_restaurant", exported)
    assert run("export_restaurant", f"demo-{name}") == exported.read_text()


def test_rows_that_the_admin_made_export_to_a_file_that_imports_to_them(tmp_path: Path) -> None:
    house = factories.RestaurantFactory(slug="odd", address="no", grace_minutes=3, shows_tables=True, active=False)
    last, first = (factories.SectionFactory(restaurant=house, name=each, position=7) for each in ("Zinc", "Attic"))
    retired = factories.TableFactory(restaurant=house, number="T10", status="retired", section=last, y=3)
    tables = [factories.TableFactory(restaurant=house, number=each, audience=[], section=first) for each in ("T9", "2")]
    for _ in range(2):
        factories.TableCombinationFactory(restaurant=house, tables=[*tables, retired])
    dinner = factories.ServicePeriodFactory(restaurant=house)
    special = factories.ServicePeriodFactory(
        restaurant=house, on_date=date(2027, 1, 1), weekdays=[1, 2], valid_from=date(2026, 1, 1)
    )
    factories.ServicePeriodFactory(restaurant=house, name="Never", weekdays=[], start_time=time(9), end_time=time(9))
    for period in (None, dinner, special, special):
        factories.CapacityRuleFactory(restaurant=house, service_period=period, weekday=7, note="12:30")
    factories.TurnTimeFactory(restaurant=house, service_period=special, up_to=2000)
    factories.ClosureFactory(restaurant=house, service_period=special, from_time=time(23), to_time=time(1))
    before = all_rows()
    exported = tmp_path / "odd.yaml"
    run("export_restaurant", "odd", "--output", exported)

    assert run("import_restaurant", exported) == "odd: no changes\n"
    assert all_rows() == before


def test_a_dry_run_shows_the_difference_and_writes_nothing(cafe: Path, tmp_path: Path) -> None:
    run("import_restaurant", cafe)
    before = all_rows()
    text = (
        CAFE.replace("name: Café", "name: Bistro")
        .replace("buffer_minutes: 0", "")
        .replace("{number: T1, capacity: 2, section: Room}", "{number: T1, capacity: 3, section: Terrace}")
        .replace("{pacing_covers: 12}", "{day: fri, pacing_covers: 12}")
        .replace("[{name: Room}, {name: Terrace}]", "[{name: Terrace}, {name: Room}]")
        .replace(" service_period: Dinner, note: Christmas", "")
    )
    changed = write(tmp_path, text + "buffer_minutes: 15\n")

    assert run("import_restaurant", changed, "--dry-run").splitlines() == [
        "cafe: 8 rows would change",
        "  ~ restaurant cafe: name Café -> Bistro; buffer_minutes 0 -> 15",
        "  ~ section Terrace: place in the list 2 -> 1",
        "  ~ section Room: place in the list 1 -> 2",
        "  ~ table T1: capacity 2 -> 3; max_party_size 2 -> 3; section Room -> Terrace",
        "  + capacity rule fri",
        "  - capacity rule every service",
        "  + closure 2027-12-25",
        "  - closure Dinner, 2027-12-25",
    ]
    assert all_rows() == before


def test_differences_are_said_in_words(cafe: Path, tmp_path: Path) -> None:
    run("import_restaurant", cafe)
    text = (
        CAFE.replace("timezone: Europe/Paris", "timezone: Europe/Paris, overrun_grace_minutes: 20, shows_tables: true")
        .replace(
            "{number: T1, capacity: 2, section: Room}",
            "{number: T1, capacity: 2, position: {x: 40, y: 8}, size: {width: 90}, rotation: 45, "
            "audience: [online, in_house], status: out_of_service}",
        )
        .replace("note: Christmas", "note: ''")
    )

    said = run("import_restaurant", write(tmp_path, text), "--dry-run")

    assert "overrun_grace_minutes empty -> 20" in said
    assert "shows_tables no -> yes" in said
    assert (
        "section Room -> empty; position empty -> x 40, y 8; size empty -> width 90; rotation 0 -> 45; "
        "audience online, in house, walk in -> online, in house; "
        "status active -> out of service"
    ) in said
    assert "note Christmas -> empty" in said
    assert "None" not in said


def test_an_import_says_nothing_of_the_queue(cafe: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run("import_restaurant", cafe)

    assert "Deferred" not in capfd.readouterr().err


def test_a_dry_run_of_a_new_restaurant_writes_nothing(cafe: Path) -> None:
    assert run("import_restaurant", cafe, "--dry-run").startswith("cafe: 11 rows would change\n  + restaurant cafe\n")
    assert not Restaurant.objects.exists()


def test_a_bad_file_changes_nothing_and_names_every_problem(cafe: Path, tmp_path: Path) -> None:
    run("import_restaurant", cafe)
    before = all_rows()
    bad = write(tmp_path, CAFE.replace("capacity: 2", "capacity: two").replace("max_covers: 40", "max_cover: 40"))

    with pytest.raises(CommandError) as refusal:
        run("import_restaurant", bad)

    assert str(refusal.value).splitlines() == [
        f"{bad} is not imported, it has 2 problems:",
        '  line 4: tables[0].capacity: must be a whole number, not "two"',
        "  line 10: capacity_rules[0].max_cover: unknown key; did you mean max_covers?",
    ]
    assert all_rows() == before


def test_a_failure_half_way_leaves_no_part_of_a_new_restaurant(cafe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(*_: object, **__: object) -> None:
        raise RuntimeError("the power went out")

    # The last rows that an import writes.
    monkeypatch.setattr(Closure, "save", break_off)
    with pytest.raises(RuntimeError, match="the power went out"):
        run("import_restaurant", cafe)

    assert {name: rows for name, rows in all_rows().items() if rows} == {}


def test_what_the_file_no_longer_names_is_deleted(cafe: Path, tmp_path: Path) -> None:
    run("import_restaurant", cafe)

    said = run("import_restaurant", write(tmp_path, CAFE.splitlines()[0]))

    assert {name for name, rows in all_rows().items() if rows} == {"Restaurant"}
    assert "  - table T1" in said.splitlines()


def test_a_table_with_assignments_is_retired_and_loses_its_section(cafe: Path, tmp_path: Path) -> None:
    run("import_restaurant", cafe)
    assignment = assign(Table.objects.get(number="T1"), factories.days_ahead())
    TableAssignment.objects.update(pinned=True)
    text = CAFE.replace("- {number: T1, capacity: 2, section: Room}\n", "").replace("{name: Room}, ", "")
    without = write(tmp_path, text.replace("combinations", "#"))

    said = run("import_restaurant", without)

    table = Table.objects.get(number="T1")
    assert (table.status, table.section) == ("retired", None)
    assert "  o table T1 (retired, since it has a history)" in said.splitlines()
    assert said.splitlines()[-2:] == [
        "1 booking left at tables that do not take them any more:",
        f"  {assignment.booking.reference} at T1: pinned to its table",
    ]
    assert TableAssignment.objects.get() == assignment
    assert run("import_restaurant", without) == "cafe: no changes\n"


def test_parties_of_a_table_that_is_retired_sit_elsewhere(cafe: Path, tmp_path: Path) -> None:
    run("import_restaurant", cafe)
    booking = assign(Table.objects.get(number="T1"), factories.days_ahead()).booking
    text = CAFE.replace("- {number: T1, capacity: 2, section: Room}\n", "").replace("combinations", "#")

    said = run("import_restaurant", write(tmp_path, text))

    assert said.splitlines()[-2:] == ["1 booking moved to other tables:", f"  {booking.reference}: T1 -> T2"]
    assert TableAssignment.objects.get().table.number == "T2"
    assert booking.events.get().reason == "T1 -> T2, Import of cafe"


def test_parties_of_a_combination_that_a_file_changes_sit_elsewhere(cafe: Path, tmp_path: Path) -> None:
    run(
        "import_restaurant",
        write(tmp_path, CAFE.replace("- {number: T2", "- {number: T3, capacity: 6}\n- {number: T2")),
    )
    first, second = Table.objects.filter(number__in=["T1", "T2"]).order_by("number")
    assignment = assign(first, factories.days_ahead())
    booking = assignment.booking
    TableAssignment.objects.create(
        restaurant=booking.restaurant, booking=booking, table=second, during=assignment.during, assigned_by="test"
    )
    type(booking).objects.filter(pk=booking.pk).update(party_size=6)
    smaller = CAFE.replace("max_party_size: 6", "max_party_size: 5")

    said = run(
        "import_restaurant",
        write(tmp_path, smaller.replace("- {number: T2", "- {number: T3, capacity: 6}\n- {number: T2")),
    )

    assert said.splitlines()[-2:] == ["1 booking moved to other tables:", f"  {booking.reference}: T1 + T2 -> T3"]
    assert [each.table.number for each in TableAssignment.objects.select_related("table")] == ["T3"]


def test_how_long_before_its_start_a_party_stays_is_imported_and_exported(cafe: Path, tmp_path: Path) -> None:
    run("import_restaurant", cafe)
    assert Restaurant.objects.get().reseat_freeze_minutes == 30
    assert "reseat_freeze_minutes" not in run("export_restaurant", "cafe")
    longer = CAFE.replace("timezone: Europe/Paris", "timezone: Europe/Paris, reseat_freeze_minutes: 1440")

    said = run("import_restaurant", write(tmp_path, longer))

    assert "reseat_freeze_minutes 30 -> 1440" in said
    assert Restaurant.objects.get().reseat_freeze_minutes == 1440
    assert "reseat_freeze_minutes: 1440" in run("export_restaurant", "cafe")


def test_a_retired_table_is_in_the_export_and_comes_back_by_its_file(cafe: Path, tmp_path: Path) -> None:
    run("import_restaurant", cafe)
    table = Table.objects.get(number="T1")
    assign(table, factories.days_ahead())
    run(
        "import_restaurant",
        write(
            tmp_path,
            CAFE.replace("number: T1, capacity: 2, section: Room", "number: T9, capacity: 2").replace(
                "[T1, T2]", "[T9, T2]"
            ),
        ),
    )

    assert "{number: T1, capacity: 2, min_party_size: 1, section: Room, seating_type: indoor, status: retired}" in run(
        "export_restaurant", "cafe"
    )
    assert "~ table T1: status retired -> active" in run("import_restaurant", write(tmp_path, CAFE))
    assert Table.objects.get(number="T1").pk == table.pk


def test_a_period_with_service_days_is_retired_and_comes_back_by_its_name(cafe: Path, tmp_path: Path) -> None:
    run("import_restaurant", cafe)
    dinner = ServicePeriod.objects.get()
    day = factories.days_ahead()
    factories.BookingFactory(restaurant=dinner.restaurant, business_date=day)
    without = write(tmp_path, CAFE.splitlines()[0])

    said = run("import_restaurant", without)

    dinner.refresh_from_db()
    assert dinner.retired_at is not None
    assert not TurnTime.objects.exists()
    assert "  o service period Dinner (retired, since it has a history)" in said.splitlines()
    assert "1 booking that could not be made again as it is, for a decision:" in said
    assert f"{day} 19:00, Ada Lovelace, party of 2: no Dinner on that date any more\n" in said
    assert run("import_restaurant", without) == "cafe: no changes\n"
    assert "Dinner" not in run("export_restaurant", "cafe")

    again = write(tmp_path, CAFE)
    assert "~ service period Dinner: retired yes -> no" in run("import_restaurant", again)
    dinner.refresh_from_db()
    assert (ServicePeriod.objects.get(), dinner.retired_at) == (dinner, None)
    assert BookingSlot.objects.filter(service_day__business_date=day, bookable=True).count() == 19
    assert run("import_restaurant", again) == "cafe: no changes\n"


def test_what_a_retired_period_kept_does_not_come_back_with_it(cafe: Path) -> None:
    run("import_restaurant", cafe)
    dinner = ServicePeriod.objects.get()
    factories.BookingFactory(restaurant=dinner.restaurant)
    factories.CapacityRuleFactory(restaurant=dinner.restaurant, service_period=dinner, max_covers=1)
    delete_settings_row(row=dinner)

    run("import_restaurant", cafe)

    assert list(CapacityRule.objects.filter(service_period=dinner).values_list("max_covers", flat=True)) == [40]
    assert run("import_restaurant", cafe) == "cafe: no changes\n"


def test_of_two_alike_rules_the_later_one_in_the_file_is_the_newer_row(cafe: Path, tmp_path: Path) -> None:
    rules = ["{from: 2027-01-01, to: 2027-01-05, max_covers: 1}", "{from: 2027-01-03, to: 2027-01-07, max_covers: 2}"]
    head = CAFE.replace("capacity_rules", "#")

    def import_in_order(*order: int) -> list[tuple[int, int | None]]:
        text = f"{head}capacity_rules: [{', '.join(rules[index] for index in order)}]\n"
        run("import_restaurant", write(tmp_path, text))
        assert run("import_restaurant", tmp_path / "restaurant.yaml") == "cafe: no changes\n"
        return list(CapacityRule.objects.order_by("pk").values_list("pk", "max_covers"))

    (kept, one), (_, two) = import_in_order(0, 1)
    assert (one, two) == (1, 2)
    assert [covers for _, covers in import_in_order(1, 0)] == [2, 1]
    assert [covers for _, covers in import_in_order(0, 1)] == [1, 2]
    assert CapacityRule.objects.filter(pk=kept).exists() is False


def test_an_import_fits_the_service_days_that_are_there(cafe: Path, tmp_path: Path) -> None:
    run("import_restaurant", cafe)
    house = Restaurant.objects.get()
    booking = factories.BookingFactory(restaurant=house, party_size=6)

    said = run("import_restaurant", write(tmp_path, CAFE.replace("max_covers: 40", "max_covers: 4")))

    day = ServiceDay.objects.get(pk=booking.service_day_id)
    assert (day.max_covers, day.booked_covers, day.excess_covers) == (4, 6, 2)
    assert f"  over the limit, authorised: 2 SERVICE_COVERS at {booking.business_date}" in said.splitlines()


def test_an_import_without_changes_takes_no_lock(cafe: Path) -> None:
    run("import_restaurant", cafe)

    with CaptureQueriesContext(connection) as queries:
        run("import_restaurant", cafe)

    assert not [query["sql"] for query in queries if "FOR " in query["sql"] or "UPDATE" in query["sql"]]
    assert len(queries) == 13


def test_an_unknown_restaurant_or_an_unreadable_file_is_named(tmp_path: Path) -> None:
    factories.RestaurantFactory(slug="cafe")

    with pytest.raises(CommandError, match="No restaurant 'bistro'; there are: cafe"):
        run("export_restaurant", "bistro")
    with pytest.raises(CommandError, match=r"Cannot read .*: No such file or directory"):
        run("import_restaurant", tmp_path / "missing.yaml")
    with pytest.raises(CommandError, match=r"Cannot write .*: Is a directory"):
        run("export_restaurant", "cafe", "--output", tmp_path)


def test_periods_retired_long_ago_stand_in_the_way_of_nothing(cafe: Path) -> None:
    run("import_restaurant", cafe)
    dinner = ServicePeriod.objects.get()
    factories.materialize(dinner.restaurant, factories.days_ahead() - timedelta(days=60))
    delete_settings_row(row=dinner)
    factories.ServicePeriodFactory(restaurant=dinner.restaurant, start_time=time(18))

    said = run("import_restaurant", cafe)

    assert "~ service period Dinner: start 18:00 -> 17:00; seating_mode covers -> tables" in said
