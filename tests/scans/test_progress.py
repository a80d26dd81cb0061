"""Whoever watches sees how far a scan is, and about how long it still takes."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone, translation

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from practices.models import User
from scans.domain import progress
from scans.domain.progress import Progress, in_progress, usual_conversion_seconds
from scans.domain.pull import pull_scan
from scans.models import Connection, Scan
from tests.conftest import discover, report_of


@pytest.fixture
def scan(account: Connection, cluster: IsemecoStandIn, small_capture: Capture) -> Scan:
    cluster.add_scan(small_capture)
    return discover(account)[0]


def run_by_somebody(scan: Scan, **columns: object) -> Scan:
    """The row as a worker that is at it leaves it."""
    held = {"leased_until": timezone.now() + timedelta(minutes=1), "leased_by": "worker:1"}
    with practice_scope(scan.practice_id):
        Scan.objects.filter(pk=scan.pk).update(**held, **columns)
        return Scan.objects.get(pk=scan.pk)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """A clock that stands still while a page looks at it."""
    still = timezone.now()
    monkeypatch.setattr(progress, "timezone", SimpleNamespace(now=lambda: still))
    return still


def test_pulling_writes_every_byte_into_the_row(
    scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "WRITE_EVERY_SECONDS", 0.0)
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    with practice_scope(scan.practice_id):
        scan.refresh_from_db()
        assert scan.stage == Scan.Stage.COPYING
        assert scan.stage_total == sum(scan.assets.values_list("bytes", flat=True)) > 100_000
        assert scan.stage_done == scan.stage_total


def test_between_two_writes_there_is_a_while(scan: Scan) -> None:
    running = run_by_somebody(scan)
    copying = Progress(running, Scan.Stage.COPYING, total=1000).begin()
    assert list(copying.counted([b"x" * 100, b"y" * 200])) == [b"x" * 100, b"y" * 200]
    with practice_scope(scan.practice_id):
        scan.refresh_from_db()
    assert (copying.done, scan.stage_done, scan.stage_total) == (300, 0, 1000)


def test_a_worker_that_lost_the_row_writes_nothing(scan: Scan) -> None:
    late = run_by_somebody(scan)
    run_by_somebody(scan, stage="")
    late.leased_by = "worker:0"
    Progress(late, Scan.Stage.SEALING, total=1000).begin()
    with practice_scope(scan.practice_id):
        scan.refresh_from_db()
    assert scan.stage == ""


def test_the_time_left_follows_from_the_rate_so_far(scan: Scan, now: datetime) -> None:
    since = now - timedelta(seconds=10)
    stage = {"stage": "copying", "stage_total": 400, "stage_since": since}
    running = run_by_somebody(scan, **stage, stage_done=100)
    found = in_progress([running])[scan.pk]
    assert (found.done, found.total, found.seconds_left) == (100, 400, 30)


def test_the_first_seconds_promise_nothing(scan: Scan) -> None:
    stage = {"stage": "copying", "stage_total": 400, "stage_since": timezone.now()}
    running = run_by_somebody(scan, **stage, stage_done=100)
    assert in_progress([running])[scan.pk].seconds_left is None


def test_a_conversion_takes_about_as_long_as_the_practice_s_last_ones(
    scan: Scan, now: datetime
) -> None:
    report_of(scan)
    with practice_scope(scan.practice_id):
        usual = usual_conversion_seconds()
        assert usual is not None
        assert 0 < usual < 60
        Scan.objects.update(conversion_seconds=8)
        since = now - timedelta(seconds=3)
        running = run_by_somebody(scan, stage="converting", stage_since=since)
        found = in_progress([running])[scan.pk]
    assert (found.total, found.seconds_left) == (0, 5)


def test_a_scan_nobody_works_on_shows_no_progress(scan: Scan) -> None:
    left = run_by_somebody(scan, stage="copying", stage_since=timezone.now())
    left.leased_until = timezone.now() - timedelta(seconds=1)
    assert in_progress([left]) == {}
    assert in_progress([scan]) == {}


def test_the_list_and_the_scan_s_page_show_it(
    scan: Scan, client: Client, staff_user: User, now: datetime
) -> None:
    client.force_login(staff_user)
    since = now - timedelta(seconds=10)
    run_by_somebody(
        scan, stage="copying", stage_total=4_194_304, stage_done=1_048_576, stage_since=since
    )
    for address in ("/en/scans/", f"/en/scans/{scan.pk}/"):
        with translation.override("en"):
            page = client.get(address).content.decode().replace("\xa0", " ")
        assert "1.0 MB of 4.0 MB · about 30 seconds left" in page
        assert "Copying from the scanner</span>" in page
        assert 'max="4194304" value="1048576"' in page
