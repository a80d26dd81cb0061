"""A new version takes over while patients look and reports are erased: nobody is thrown out."""

from contextlib import ExitStack

import psycopg
import pytest
from django.db import connections

from audit.chain import SYSTEM, first_broken
from audit.models import Entry
from audit.words import Action
from dermalia.embedded import database_url
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Report
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.models import Scan
from tests.browser.conftest import serving
from tests.conftest import CLONE, connect_to, discover, link_in_mail, release_at_once, report_of
from tests.environment import DATA
from tests.faults.load import Load
from tests.retention.rows import add_reports
from tests.waiting import until
from tests.work.workers import Worker, running

pytestmark = pytest.mark.processes
ERASED = 6


@pytest.fixture
def report(
    renewed: None, cluster: IsemecoStandIn, small_capture: Capture, mailbox: ResendStandIn
) -> tuple[Report, str]:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    account = connect_to(cluster, practice)
    cluster.add_scan(small_capture, email="patient@example.org")
    made = report_of(discover(account)[0])
    add_reports(account, ERASED, due_in=100)
    return made, link_in_mail(made, mailbox)


def migrate() -> None:
    """What our migrations may do to a table in use: a column that old code knows nothing of."""
    with psycopg.connect(database_url(DATA, "dermalia_owner", CLONE)) as owner:
        owner.execute("SET lock_timeout = '5s'")
        owner.execute("ALTER TABLE reports_report ADD COLUMN of_the_next_version text")
        owner.execute("ALTER TABLE audit_head ADD COLUMN of_the_next_version text")


def erase_all_but(kept: Scan) -> None:
    with practice_scope(kept.practice_id):
        for scan in Scan.objects.exclude(pk=kept.pk):
            request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=SYSTEM)


def verified(practice: Practice) -> int:
    with practice_scope(practice.pk):
        return Erasure.objects.filter(state=Erasure.State.VERIFIED).count()


def test_a_deployment_under_load_ends_no_request_and_no_erasure(
    report: tuple[Report, str],
) -> None:
    made, link = report
    old, new = Worker(), Worker()
    connections.close_all()
    with ExitStack() as deployed, ExitStack() as before, running(old):
        load = Load(f"{before.enter_context(serving())}{link}", clients=2)
        with load:
            until(lambda: load.acknowledged > 5, "nothing was acknowledged before")
            erase_all_but(made.scan)
            migrate()
            until(lambda: verified(made.practice), "the old worker erased nothing")
            with running(new):
                assert old.terminate() == 0
                load.address = f"{deployed.enter_context(serving())}{link}"
                # As the proxy does: who comes now is led to the new one.
                until(load.moved, "the new version answers nobody")
                before.close()  # SIGTERM
                until(lambda: verified(made.practice) == ERASED, "an erasure was lost")
    assert load.failed == []
    assert_log_tells_all_of_it(made.practice_id, opened=load.acknowledged)


def assert_log_tells_all_of_it(practice_id: int, *, opened: int) -> None:
    connections.close_all()
    with practice_scope(practice_id):
        for action, times in (
            (Action.REPORT_OPENED, opened),
            (Action.ERASURE_REQUESTED, ERASED),
            (Action.ERASURE_VERIFIED, ERASED),
        ):
            assert Entry.objects.filter(action=action).count() == times, action
        assert first_broken() is None
