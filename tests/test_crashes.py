"""A worker killed in the middle: the report still arrives, and arrives once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import redis
from django.conf import settings
from django.db import connections

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from dermalia.work.nudge import sweep
from dermalia.work.orphans import release_all
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Report
from scans.models import Asset, Connection, Scan
from tests.conftest import connect_to, discover, process_environment, release_at_once

pytestmark = pytest.mark.usefixtures("committed")
PATIENCE_SECONDS = 60


class Worker:
    """A real Celery worker on the test's database, in a process group of its own."""

    def __init__(self, cluster: IsemecoStandIn, mailbox: ResendStandIn) -> None:
        self._env = process_environment(
            DERMALIA_SANDBOX_ORIGINS=f"{cluster.url},{mailbox.url}",
            DERMALIA_RESEND_URL=mailbox.url,
            DERMALIA_RESEND_API_KEY=settings.RESEND_API_KEY,
            DERMALIA_WORKER="worker",
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = "worker --queues=ingest,convert,mail,erase --concurrency=2 --loglevel=ERROR"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "celery", "--app=dermalia", "--quiet", *command.split()],
            env=self._env,
            cwd=settings.BASE_DIR,
            start_new_session=True,
        )

    def kill(self) -> None:
        """End it and its pool without a chance to say anything."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@pytest.fixture
def account(cluster: IsemecoStandIn) -> Connection:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    return connect_to(cluster, practice)


def until(holds: Callable[[], bool], otherwise: str, *, sweeping: bool = False) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, otherwise
        if sweeping:
            sweep()
        time.sleep(0.02)


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
    return Asset.objects.filter(origin="derived", stored_at__isnull=False).exists()


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
    sweep()
    worker = Worker(cluster, mailbox)
    worker.start()
    try:
        until(seen(account, moment), "the worker never got there")
        worker.kill()
        assert not mailbox.mails
        cluster.faults.clear()
        assert release_all(worker="worker") == 1
        worker.start()
        until(lambda: bool(mailbox.mails), "no mail after the restart", sweeping=True)
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
    discover(account)
    sweep()
    socket = settings.CELERY_BROKER_URL.removeprefix("redis+socket://").split("?")[0]
    with redis.Redis(unix_socket_path=socket) as store:
        store.flushall()
    with practice_scope(account.practice_id):
        Scan.objects.update(nudged_at=None)
    worker = Worker(cluster, mailbox)
    worker.start()
    try:
        until(lambda: bool(mailbox.mails), "no mail came", sweeping=True)
    finally:
        worker.kill()
        connections.close_all()
    assert Practice.objects.count() == 1
