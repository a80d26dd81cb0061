"""One marked capture goes through the whole chain and is erased; nothing else is let in."""

import pytest
from django.test import Client

from audit.models import Entry
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from onboarding.domain import trial as trials
from onboarding.models import Trial
from practices.domain.staff import staff
from practices.models import Practice, Purpose, User
from reports.domain.creation import NotReleasable, release_report
from reports.domain.delivery import send_delivery
from reports.models import Delivery, Report
from retention.domain.erase import complete_erasure
from scans.models import Connection, Scan
from tests.conftest import discover, release_at_once, report_of
from tests.onboarding.conftest import capture

pytestmark = pytest.mark.joining


def newest(practice: Practice) -> Trial:
    with practice_scope(practice.pk):
        found = trials.current()
        assert found is not None
        return found


def on(practice: Practice) -> str:
    """Let the test do what is next; its state."""
    with practice_scope(practice.pk):
        return trials.advance(newest(practice)).state


def begin(scanner: Connection, user: User) -> None:
    with practice_scope(scanner.practice_id):
        trials.start(scanner, user=user)


def test_a_test_goes_from_capture_to_receipt(
    practice: Practice,
    staff_user: User,
    scanner: Connection,
    cluster: IsemecoStandIn,
    mailbox: ResendStandIn,
    small_capture: Capture,
) -> None:
    begin(scanner, staff_user)
    assert discover(scanner) == []
    assert on(practice) == "waiting"
    capture(cluster, small_capture)
    (scan,) = discover(scanner)
    assert on(practice) == "working"
    assert on(practice) == "working"
    report_of(scan)
    assert on(practice) == "sending"
    with practice_scope(practice.pk):
        delivery = Delivery.objects.get()
    send_delivery(practice_id=practice.pk, delivery_id=delivery.pk)
    assert on(practice) == "sent"
    mail = mailbox.mails[-1]
    assert staff_user.email in str(mail)
    assert "TEST" in (mail.text or "")
    with practice_scope(practice.pk):
        running = trials.erase(newest(practice))
        assert not Scan.objects.exists()
    assert on(practice) == "erasing"
    assert running.erasure_id is not None
    complete_erasure(practice_id=practice.pk, erasure_id=running.erasure_id)
    assert on(practice) == "passed"
    with practice_scope(practice.pk):
        assert trials.passed()
        assert Entry.objects.filter(action="test.passed").count() == 1


def test_before_going_live_no_scan_is_taken_in(
    scanner: Connection, cluster: IsemecoStandIn, small_capture: Capture
) -> None:
    capture(cluster, small_capture)
    assert discover(scanner) == []


def test_what_is_on_the_scanner_already_stays_there(
    scanner: Connection, staff_user: User, cluster: IsemecoStandIn, small_capture: Capture
) -> None:
    capture(cluster, small_capture)
    begin(scanner, staff_user)
    assert discover(scanner) == []
    capture(cluster, small_capture)
    assert len(discover(scanner)) == 1


def test_the_door_closes_behind_the_first_capture(
    scanner: Connection, staff_user: User, cluster: IsemecoStandIn, small_capture: Capture
) -> None:
    begin(scanner, staff_user)
    capture(cluster, small_capture)
    assert len(discover(scanner)) == 1
    capture(cluster, small_capture)
    assert len(discover(scanner)) == 1


def test_two_captures_at_once_are_erased(
    practice: Practice,
    scanner: Connection,
    staff_user: User,
    cluster: IsemecoStandIn,
    small_capture: Capture,
) -> None:
    begin(scanner, staff_user)
    capture(cluster, small_capture)
    capture(cluster, small_capture)
    assert len(discover(scanner)) == 2
    assert on(practice) == "failed"
    with practice_scope(practice.pk):
        assert not Scan.objects.exists()


def test_a_report_is_not_released_before_the_practice_is_live(
    practice: Practice,
    scanner: Connection,
    staff_user: User,
    cluster: IsemecoStandIn,
    small_capture: Capture,
) -> None:
    release_at_once(practice)
    begin(scanner, staff_user)
    capture(cluster, small_capture)
    report = report_of(discover(scanner)[0])
    assert report.state == Report.State.DRAFT
    with practice_scope(practice.pk), pytest.raises(NotReleasable):
        release_report(report=report, purpose=Purpose.AESTHETIC, who=staff(staff_user))


def test_a_test_that_is_stopped_leaves_nothing(
    practice: Practice,
    scanner: Connection,
    staff_user: User,
    cluster: IsemecoStandIn,
    small_capture: Capture,
) -> None:
    begin(scanner, staff_user)
    capture(cluster, small_capture)
    discover(scanner)
    on(practice)
    with practice_scope(practice.pk):
        assert trials.stop(newest(practice)).state == "failed"
        assert not Scan.objects.exists()
        begin(scanner, staff_user)


def test_there_is_one_test_at_a_time(scanner: Connection, staff_user: User) -> None:
    begin(scanner, staff_user)
    with pytest.raises(trials.TrialRefused):
        begin(scanner, staff_user)


def test_the_page_presses_the_stand_in_s_shutter(
    owner: Client, scanner: Connection, cluster: IsemecoStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed: list[str] = []
    monkeypatch.setattr(cluster, "take_scan", lambda subject, **_: pressed.append(subject))
    answer = owner.post("/en/tasks/test/start/", {"connection": scanner.pk}, follow=True)
    page = answer.content.decode()
    assert "Waiting for a capture" in page
    assert 'class="alert"' not in page
    assert len(pressed) == 1


def test_a_scanner_that_is_away_is_said_so(owner: Client, practice: Practice) -> None:
    with practice_scope(practice.pk):
        away = Connection.objects.create(practice=practice, base_url="https://example.org")
    answer = owner.post("/en/tasks/test/start/", {"connection": away.pk}, follow=True)
    assert answer.context["trial"] is None
    assert 'role="status"' in answer.content.decode()
