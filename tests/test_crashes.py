"""A worker killed in the middle: the report still arrives, and arrives once."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connections

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from dermalia.work.orphans import release_all
from practices.domain.tenants import create_practice
from reports.models import Report
from scans.models import Asset, Connection, Scan
from tests.conftest import connect_to, discover, release_at_once
from tests.waiting import until
from tests.work.workers import Worker, redis_client, running

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("committed")]


def worker_for(cluster: IsemecoStandIn, mailbox: ResendStandIn) -> Worker:
    return Worker(
        processes=2,
        DERMALIA_SANDBOX_ORIGINS=f"{cluster.url},{mailbox.url}",
        DERMALIA_RESEND_URL=mailbox.url,
        DERMALIA_RESEND_API_KEY=settings.RESEND_API_KEY,
        DERMALIA_WORKER="worker",
    )


@pytest.fixture
def account(cluster: IsemecoStandIn) -> Connection:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    return connect_to(cluster, practice)


def seen(account: Connection, look: Callable[[], bool]) -> Callable[[], bool]:
    """``look``, in the practice's scope."""

    def looking() -> bool:
        with practice_scope(account.practice_id):
            return look()

    return looking


def half_pulled() -> bool:
    stored = Asset.objects.filter(origin="raw", stored_at__isnull=False).count()
    return 0 < stored < Asset.objects.filter(origin="raw").count()


def converting() -> bool:
    return Scan.objects.filter(state="stored", leased_until__isnull=False).exists()


def half_converted() -> bool:
    """Its rows are written, and not all of its files are in storage."""
    return Asset.objects.filter(origin="derived", stored_at__isnull=True).exists()


@pytest.mark.parametrize("moment", [half_pulled, converting, half_converted])
def test_the_report_arrives_once_after_a_kill(
    account: Connection,
    cluster: IsemecoStandIn,
    mailbox: ResendStandIn,
    small_capture: Capture,
    moment: Callable[[], bool],
) -> None:
    cluster.add_scan(small_capture, email="patient@example.org")
    if moment is half_pulled:
        # The second file trickles, so that there is a middle to be killed in.
        cluster.faults.arm("slow", on="asset", times=2, amount=200_000)
    scan = discover(account)[0]
    worker = worker_for(cluster, mailbox)
    worker.start()
    try:
        until(seen(account, moment), "the worker never got there")
        worker.kill()
        assert not mailbox.mails
        cluster.faults.clear()
        assert release_all(worker="worker") == 1
        worker.start()
        until(lambda: bool(mailbox.mails), "no mail after the restart")
        until(seen(account, lambda: _settled(scan)), "the scan did not settle")
    finally:
        worker.kill()
        connections.close_all()
    assert len(mailbox.mails) == 1
    with practice_scope(account.practice_id):
        assert Report.objects.count() == 1
        assert Scan.objects.get().failures == 0
    finished = [count for count in cluster.downloads(scan.scan_identifier).values() if count]
    assert max(finished) <= 2
    assert sum(finished) <= len(finished) + 1


def _settled(scan: Scan) -> bool:
    return Scan.objects.filter(pk=scan.pk, state="ready", leased_until=None).exists()


def test_redis_emptied_with_work_waiting_loses_nothing(
    account: Connection,
    cluster: IsemecoStandIn,
    mailbox: ResendStandIn,
    small_capture: Capture,
) -> None:
    cluster.add_scan(small_capture, email="patient@example.org")
    with redis_client() as store:
        store.flushall()
        discover(account)
        assert store.llen("ingest") == 1
        store.flushall()
    with running(worker_for(cluster, mailbox)):
        until(lambda: bool(mailbox.mails), "no mail came")
    assert len(mailbox.mails) == 1
