"""Postgres goes away under load and comes back: errors end with it, and nothing that was said is
lost."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connections

from audit.chain import SYSTEM, first_broken
from audit.models import Entry
from audit.words import Action
from dermalia.embedded import Services
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Report
from retention.domain.erase import request_erasure
from retention.models import Erasure
from tests.browser.conftest import serving
from tests.conftest import connect_to, discover, link_in_mail, release_at_once, report_of
from tests.faults.load import CLIENTS, Load
from tests.waiting import until
from tests.work.workers import Worker, running

pytestmark = pytest.mark.processes
RECOVERED_SECONDS = 10.0


@pytest.fixture
def report(
    committed: None, cluster: IsemecoStandIn, small_capture: Capture, mailbox: ResendStandIn
) -> tuple[Report, str]:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    cluster.add_scan(small_capture, email="patient@example.org")
    made = report_of(discover(connect_to(cluster, practice))[0])
    return made, link_in_mail(made, mailbox)


def restart_fast(services: Services) -> None:
    """As a package's update does: sessions are ended, a checkpoint is written."""
    services.restart("postgres")


def restart_immediately(services: Services) -> None:
    """As after the server's death: nothing is ended, the log is replayed."""
    process = services._services["postgres"]._process
    assert process is not None
    os.kill(process.pid, signal.SIGQUIT)
    until(lambda: "postgres" in services.check(), "Postgres did not end")
    services.restart("postgres")


@pytest.mark.parametrize("restart", [restart_fast, restart_immediately])
def test_under_load_errors_end_with_the_restart_and_no_entry_is_lost(
    report: tuple[Report, str], services: Services, restart: Callable[[Services], None]
) -> None:
    made, link = report
    connections.close_all()
    with serving() as origin, Load(f"{origin}{link}") as load:
        until(lambda: load.acknowledged > 10, "nothing was acknowledged before")
        assert not load.failed
        restart(services)
        back = time.monotonic()
        before = len(load.succeeded)
        until(lambda: len(load.succeeded) > before + 4 * CLIENTS, "no answers after the restart")
        time.sleep(1)
    late = [moment for moment in load.failed if moment > back + RECOVERED_SECONDS]
    assert late == []
    assert max(load.succeeded) > max(load.failed, default=0.0)
    assert load.slowest < RECOVERED_SECONDS  # nobody hangs on a connection that is gone
    connections.close_all()
    with practice_scope(made.practice_id):
        opened = Entry.objects.filter(action=Action.REPORT_OPENED).count()
        assert opened >= load.acknowledged > 0
        assert first_broken() is None


@pytest.fixture
def worker(report: tuple[Report, str]) -> Iterator[Worker]:
    with running(Worker()) as started:
        yield started


def test_a_worker_that_lost_postgres_erases_when_it_is_back(
    report: tuple[Report, str], services: Services, worker: Worker
) -> None:
    made, _ = report
    until(worker.children, "the worker did not start")
    connections.close_all()
    restart_immediately(services)
    connections.close_all()
    with practice_scope(made.practice_id):
        erasure = request_erasure(scan=made.scan, reason=Erasure.Reason.STAFF, who=SYSTEM)
    until(lambda: _verified(made.practice, erasure), "the erasure was not verified")
    with practice_scope(made.practice_id):
        told = Entry.objects.filter(action__startswith="erasure.").order_by("sequence")
        assert [entry.action for entry in told] == [
            Action.ERASURE_REQUESTED,
            Action.ERASURE_VERIFIED,
        ]
        assert first_broken() is None


def _verified(practice: Practice, erasure: Erasure) -> bool:
    with practice_scope(practice.pk):
        return Erasure.objects.get(pk=erasure.pk).state == Erasure.State.VERIFIED
