"""Jobs in the admin: who sees them, what is said of them, and the dead ones that are tried again."""

import re

import pytest

from bookings.models.queues import MOST_ATTEMPTS
from bookings.services.upkeep.deferral import defer_jobs
from config.middleware import working_for
from tests.helpers.admin_screens import client_with, count_queries, messages_of, text_of
from tests.helpers.factories import UserFactory
from tests.helpers.job_workers import jobs, statuses

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]

JOBS = "/admin/procrastinate/procrastinatejob/"
DEFAULT_ARGUMENTS = {"materialize_restaurant": {"restaurant_id": 7}}
VIEW, CHANGE = "procrastinate.view_procrastinatejob", "procrastinate.change_procrastinatejob"


def make_job(task_name="materialize_restaurant", status="todo", **arguments):
    defer_jobs(task_name, arguments or DEFAULT_ARGUMENTS.get(task_name, {}))
    job = jobs().latest("pk")
    if status != "todo":
        jobs(pk=job.pk).update(status="doing")
        jobs(pk=job.pk).update(status=status, attempts=MOST_ATTEMPTS)
    return job


def retry(client, *chosen):
    form = {"action": "retry", "_selected_action": [job.pk for job in chosen]}
    return client.post(JOBS, form, follow=True)


def test_a_row_says_task_state_queue_attempts_and_the_last_event(admin_client):
    make_job(status="failed")

    page = text_of(admin_client.get(JOBS))

    assert "materialize_restaurant dead slots 5 - failed, " in page
    assert "{&quot;restaurant_id&quot;: 7}" in page


def test_a_job_without_arguments_has_a_dash_for_them(admin_client):
    job = make_job("prune", status="succeeded")

    row = text_of(admin_client.get(JOBS))
    own_page = text_of(admin_client.get(f"{JOBS}{job.pk}/change/"))

    assert "(UTC) - - By state" in row
    assert re.search(r"Arguments:? - ", own_page), own_page


@pytest.mark.parametrize(
    ("state", "status"),
    [("dead", "failed"), ("waiting", "todo"), ("running", "doing"), ("done", "succeeded"), ("given-up", "aborted")],
)
def test_the_list_is_narrowed_by_state(admin_client, state, status):
    for each in ("failed", "todo", "doing", "succeeded", "aborted"):
        make_job(status=each)

    page = admin_client.get(JOBS, {"state": state})

    assert [job.status for job in page.context["cl"].result_list] == [status]


def test_jobs_of_a_request_are_found_by_its_id(admin_client):
    make_job()
    with working_for("from-a-header"):
        wanted = make_job()

    page = admin_client.get(JOBS, {"q": "from-a-header"})

    assert list(page.context["cl"].result_list) == [wanted]


def test_the_page_of_a_job_has_its_history_and_no_way_to_change_it(admin_client):
    job = make_job(status="failed")

    page = admin_client.get(f"{JOBS}{job.pk}/change/")

    assert "deferred" in text_of(page)
    assert "failed" in text_of(page)
    assert 'name="_save"' not in page.content.decode()
    assert [admin_client.get(f"{JOBS}{path}").status_code for path in ("add/", f"{job.pk}/delete/")] == [403, 403]


def test_a_dead_job_is_retried_and_others_are_left_alone(admin_client):
    dead, done = make_job(status="failed"), make_job(status="succeeded")

    page = retry(admin_client, dead, done)

    assert messages_of(page) == [
        "1 of 2 chosen jobs wait for one more attempt.",
        "1 not retried: only dead jobs are.",
    ]
    assert statuses() == ["todo", "succeeded"]


def test_a_dead_job_whose_twin_waits_is_not_retried(admin_client):
    dead = make_job("audit", status="failed")
    make_job("audit")

    assert messages_of(retry(admin_client, dead)) == ["1 not retried: an equal job waits already."]
    assert statuses() == ["failed", "todo"]


def test_who_may_only_look_cannot_retry():
    dead = make_job(status="failed")
    client = client_with(VIEW)

    page = retry(client, dead)

    assert "Retry dead jobs" not in text_of(page)
    assert statuses() == ["failed"]


def test_who_may_change_jobs_can_retry():
    dead = make_job(status="failed")

    retry(client_with(VIEW, CHANGE), dead)

    assert statuses() == ["todo"]


def test_who_may_not_see_jobs_sees_none(client):
    client.force_login(UserFactory(is_staff=True))

    assert client.get(JOBS).status_code == 403


def test_the_list_takes_as_many_queries_for_ten_rows_as_for_two(admin_client):
    for _ in range(2):
        make_job(status="failed")
    few = count_queries(admin_client, JOBS)

    for _ in range(8):
        make_job(status="failed")

    assert count_queries(admin_client, JOBS) == few


def test_the_first_page_counts_dead_jobs_for_who_may_see_them(admin_client):
    assert "failed for good" not in text_of(admin_client.get("/admin/"))
    for _ in range(2):
        make_job(status="failed")

    assert "2 jobs failed for good. See which, and retry" in text_of(admin_client.get("/admin/"))
    assert "2 jobs failed for good." in text_of(client_with(VIEW).get("/admin/"))
    assert "failed for good" not in text_of(client_with("capacity.view_serviceday").get("/admin/"))
