"""How far a scan is, on its own page: fetched again by itself, and tried again by staff."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from scans.models import Connection, Scan
from tests.reports.rows import add_row

PROBLEM = "The mesh cannot be read."


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


@pytest.fixture
def aside(account: Connection) -> Scan:
    """A scan that was set aside with a reason."""
    return stuck(account, quarantined_at=timezone.now(), failures=5)


def stuck(account: Connection, **values: object) -> Scan:
    with practice_scope(account.practice_id):
        scan = add_row(account, "S-stuck", state=Scan.State.STORED, last_error=PROBLEM)
        Scan.objects.filter(pk=scan.pk).update(**values)
        return Scan.objects.get(pk=scan.pk)


def fresh(scan: Scan) -> Scan:
    with practice_scope(scan.practice_id):
        return Scan.objects.get(pk=scan.pk)


def retried(scan: Scan) -> int:
    with practice_scope(scan.practice_id):
        return Entry.objects.filter(action="scan.retried", object_id=scan.pk).count()


def test_what_was_set_aside_says_why_and_is_tried_again_once(staff: Client, aside: Scan) -> None:
    address = f"/en/scans/{aside.pk}/"
    page = staff.get(address).content.decode()
    assert PROBLEM in page
    assert f'action="{address}retry/"' in page
    assert staff.post(f"{address}retry/").url == address  # type: ignore[attr-defined]
    again = fresh(aside)
    assert (again.quarantined_at, again.failures) == (None, 0)
    assert again.next_attempt_at <= timezone.now()
    assert f'action="{address}retry/"' not in staff.get(address).content.decode()
    staff.post(f"{address}retry/")
    assert retried(aside) == 1
    assert "Tried again" in staff.get(address).content.decode()


def test_what_waits_for_its_next_attempt_need_not_wait(staff: Client, account: Connection) -> None:
    later = timezone.now() + timedelta(minutes=30)
    waiting = stuck(account, failures=4, next_attempt_at=later)
    staff.post(f"/en/scans/{waiting.pk}/retry/")
    assert fresh(waiting).next_attempt_at <= timezone.now()


@pytest.mark.parametrize("reason", ["held", "ready"])
def test_what_goes_on_or_is_done_is_left_alone(
    staff: Client, account: Connection, reason: str
) -> None:
    later = timezone.now() + timedelta(minutes=5)
    values = {
        "held": {"leased_until": later, "leased_by": "worker:1", "next_attempt_at": later},
        "ready": {"state": Scan.State.READY, "next_attempt_at": later},
    }
    scan = stuck(account, **values[reason])
    address = f"/en/scans/{scan.pk}/"
    assert f'action="{address}retry/"' not in staff.get(address).content.decode()
    staff.post(f"{address}retry/")
    assert fresh(scan).next_attempt_at == later
    assert retried(scan) == 0


def test_who_only_reads_sees_why_and_cannot_try(
    staff: Client, staff_user: User, aside: Scan
) -> None:
    staff_user.role = User.Role.READER
    staff_user.save()
    page = staff.get(f"/en/scans/{aside.pk}/").content.decode()
    assert PROBLEM in page
    assert "/retry/" not in page
    assert staff.post(f"/en/scans/{aside.pk}/retry/").status_code == 403
    assert fresh(aside).quarantined_at is not None


def test_nobody_of_another_practice_tries(
    client: Client, aside: Scan, other_practice: Practice
) -> None:
    client.force_login(User.objects.create(email="other@example.org", practice=other_practice))
    assert client.post(f"/en/scans/{aside.pk}/retry/").status_code == 404
    assert client.get(f"/en/scans/{aside.pk}/course/").status_code == 404
    assert fresh(aside).quarantined_at is not None


def test_a_scan_on_its_way_is_asked_for_again_until_it_is_there(
    staff: Client, account: Connection
) -> None:
    with practice_scope(account.practice_id):
        scan = add_row(account, "S-way", state=Scan.State.PULLED)
    address = f"/en/scans/{scan.pk}/"
    poll = f'hx-get="{address}course/"'
    page = staff.get(address).content.decode()
    assert poll in page
    assert "django_htmx/htmx" in page
    part = staff.get(f"{address}course/").content.decode()
    assert poll in part
    assert "The report is ready." not in part
    with practice_scope(account.practice_id):
        Scan.objects.filter(pk=scan.pk).update(state=Scan.State.READY)
    part = staff.get(f"{address}course/").content.decode()
    assert poll not in part
    assert "The report is ready." in part


def test_watching_a_scan_unseals_nothing_and_is_no_look(staff: Client, account: Connection) -> None:
    with practice_scope(account.practice_id):
        scan = add_row(account, "S-way", state=Scan.State.PULLED)
        before = Entry.objects.count()
    staff.get(f"/en/scans/{scan.pk}/course/")
    with practice_scope(account.practice_id):
        assert Entry.objects.count() == before
