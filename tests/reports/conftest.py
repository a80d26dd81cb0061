"""A released report with its link, and two reports of one person, half a year apart."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.test import Client

from audit.chain import OPERATOR
from dermalia.sandbox.face import Capture, make_capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain import series
from reports.models import Report
from scans.models import Connection, Scan
from tests.conftest import discover, link_in_mail, release_at_once, report_of
from tests.snapshots import Snapshots

BEFORE, AFTER = datetime(2026, 1, 3, 9, tzinfo=UTC), datetime(2026, 7, 14, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def later_capture() -> Capture:
    """The person of ``small_capture`` on another day."""
    return make_capture(seed=1, sitting=1, triangles=4000, texture_size=256, overlay_size=128)


@pytest.fixture
def link(report: Report, mailbox: ResendStandIn) -> str:
    return link_in_mail(report, mailbox)


@pytest.fixture
def opened(client: Client, link: str) -> Client:
    """A browser that pressed the button."""
    assert client.post(link).status_code == 303
    return client


@pytest.fixture
def two_reports(
    practice: Practice,
    account: Connection,
    cluster: IsemecoStandIn,
    small_capture: Capture,
    later_capture: Capture,
    snapshots: Snapshots,
) -> tuple[Report, Report]:
    """Released, and not linked yet."""

    def make() -> int:
        release_at_once(practice)
        for capture, at in ((small_capture, BEFORE), (later_capture, AFTER)):
            add_report(account, cluster, capture, at)
        return practice.pk

    snapshots.again("two reports", make, practice_id=practice.pk, cluster=cluster)
    practice.refresh_from_db()
    with practice_scope(practice.pk):
        first, second = Report.objects.select_related("scan", "practice").order_by("created_at")
    return first, second


@pytest.fixture
def followups(two_reports: tuple[Report, Report]) -> tuple[Report, Report]:
    """Released, and linked by the practice."""
    linked(*two_reports)
    return two_reports


def add_report(
    account: Connection,
    cluster: IsemecoStandIn,
    capture: Capture,
    captured_at: datetime,
    *,
    first_name: str = "Testperson Ä",
    email: str = "patient@example.org",
) -> Report:
    """Let a scan appear in the cluster, and take it to its report."""
    name = cluster.add_scan(capture, first_name=first_name, email=email, captured_at=captured_at)
    discover(account)
    with practice_scope(account.practice_id):
        scan = Scan.objects.get(scan_identifier=name)
    return report_of(scan)


def linked(*reports: Report) -> UUID:
    """Make the reports follow-ups of each other; they know of it afterwards."""
    with practice_scope(reports[0].practice_id):
        linked_as = series.link(report_ids=[report.pk for report in reports], who=OPERATOR)
        for report in reports:
            report.refresh_from_db()
    return linked_as
