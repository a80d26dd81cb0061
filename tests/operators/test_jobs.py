"""Jobs that were set aside, and trying again."""

import pytest
from django.utils import timezone

from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from operators.domain.jobs import kinds, set_aside
from practices.domain.tenants import create_practice
from scans.models import Scan
from tests.operators.conftest import Desk
from tests.tenancy.test_scope import make_scan

pytestmark = [pytest.mark.usefixtures("committed")]


@pytest.fixture
def stuck() -> Scan:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    with practice_scope(practice.pk):
        scan = make_scan(practice)
        Scan.objects.update(
            quarantined_at=timezone.now(), attempts=3, last_error="Stopped three times."
        )
    return scan


def path_of(scan: Scan) -> str:
    return f"/jobs/scans.scan/{scan.practice_id}/{scan.pk}/retry/"


def test_the_first_page_counts_what_was_set_aside(admin: Desk, stuck: Scan) -> None:
    assert set_aside() == {Scan: 1}
    assert b"/scans/scan/?aside=1" in admin.get("/").content


def test_the_list_shows_it_first_and_its_page_offers_to_try_again(admin: Desk, stuck: Scan) -> None:
    assert str(stuck.pk).encode() in admin.get("/scans/scan/?aside=1").content
    assert str(stuck.pk).encode() not in admin.get("/scans/scan/?aside=0").content
    assert path_of(stuck).encode() in admin.get(f"/scans/scan/{stuck.pk}/change/").content


def test_trying_again_takes_a_reason_and_is_on_record(admin: Desk, stuck: Scan) -> None:
    assert admin.post(path_of(stuck)).status_code == 422
    assert admin.post(path_of(stuck), {"reason": "The disk is empty again"}).status_code == 302
    with practice_scope(stuck.practice_id):
        stuck.refresh_from_db()
        last = Entry.objects.latest("sequence")
    assert (stuck.quarantined_at, stuck.attempts, stuck.last_error) == (None, 0, stuck.last_error)
    assert (last.action, last.object_id) == (Action.JOB_RETRIED, stuck.pk)
    assert admin.get(path_of(stuck)).status_code == 404


@pytest.mark.parametrize("label", ["scans.asset", "practices.user", "nothing.at_all"])
def test_only_jobs_are_tried_again(admin: Desk, stuck: Scan, label: str) -> None:
    assert admin.get(path_of(stuck).replace("scans.scan", label)).status_code == 404


def test_another_practice_s_number_finds_nothing(admin: Desk, stuck: Scan) -> None:
    wrong = path_of(stuck).replace(f"/{stuck.practice_id}/", f"/{stuck.practice_id + 1}/")
    assert admin.get(wrong).status_code == 404
    assert admin.get(path_of(stuck).replace(str(stuck.pk), "x")).status_code == 404


def test_every_kind_of_job_has_a_list(admin: Desk) -> None:
    for kind in kinds():
        assert admin.get(f"/{kind._meta.label_lower.replace('.', '/')}/").status_code == 200
