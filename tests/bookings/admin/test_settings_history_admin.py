"""The history of a row of settings: who changed it, when, what it was and what it became."""

import pytest

from tests.helpers.admin_screens import form_of, text_of
from tests.helpers.factories import CapacityRuleFactory, SectionFactory, TableFactory, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)


def change(client, page, **values):
    answer = client.post(f"{page}change/", {**form_of(client.get(f"{page}change/")), **values})
    assert answer.status_code == 302
    return text_of(client.get(f"{page}history/"))


def test_a_limit_is_kept_as_it_was_and_became(admin_client):
    rule = CapacityRuleFactory(restaurant=open_restaurant(), max_covers=80, weekday=5)

    told = change(admin_client, f"/admin/capacity/capacityrule/{rule.pk}/", max_covers="60", weekday="", note="Calm")

    assert "Note: nothing to Calm. Weekday: Friday to nothing. Covers per service: 80 to 60." in told
    assert "admin" in told


def test_rows_choices_and_times_are_named_as_on_the_form(admin_client):
    house = open_restaurant()
    period, table = (
        house.service_periods.get(),
        TableFactory(restaurant=house, section=SectionFactory(restaurant=house)),
    )
    patio = SectionFactory(restaurant=house, name="Patio")

    told = change(
        admin_client, f"/admin/tables/table/{table.pk}/", section=patio.pk, seating_type="bar", audience=["online"]
    )
    hours = change(admin_client, f"/admin/capacity/serviceperiod/{period.pk}/", last_seating="21:00")

    assert f"Section: {table.section} to Patio. Seating type: Indoor to Bar." in told
    assert "to Online." in told
    assert "Last seating: 21:30 to 21:00." in hours
