"""Ten thousand mails drain at the speed a service allows, and an erasure does not wait for them.

``MAILS`` and ``PER_SECOND`` may be set; the service's own limit, 2 a second, would take 83 minutes.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchmarks.harness import report
from benchmarks.services import fresh_services

MAILS = int(os.environ.get("MAILS", "10000"))
PER_SECOND = float(os.environ.get("PER_SECOND", "20"))
ERASURES = 20
API_KEY = "re_for_this_benchmark"
PATIENCE = 3.0  # times the seconds that the limit alone would take


def main() -> None:
    with fresh_services():
        from dermalia.sandbox.resend import ResendStandIn

        with ResendStandIn(api_key=API_KEY, rate_limit=int(PER_SECOND)) as service:
            env = {
                "DERMALIA_SANDBOX_ORIGINS": service.url,
                "DERMALIA_RESEND_URL": service.url,
                "DERMALIA_RESEND_API_KEY": API_KEY,
                "DERMALIA_RESEND_PER_SECOND": str(PER_SECOND),
                # A sweep tells of fifty rows: at the real limit that is half a minute's work.
                "DERMALIA_WORK_SWEEP_SECONDS": str(25 / PER_SECOND),
            }
            figures = measure(service, env)
    ratios = {"rate_vs_allowed": figures["mails_per_s"] / PER_SECOND}
    report("mail", figures=figures, ratios=ratios)


def measure(service: Any, env: Mapping[str, str]) -> dict[str, float]:
    """Drain the outbox by two processes, with an erasure now and then."""
    from practices.domain.tenants import create_practice

    practice_id = create_practice(name="Benchmark", email="b@example.org").pk
    scans = queue_everything(practice_id)
    with workers(env):
        while not service.mails:
            time.sleep(0.05)
        began = time.perf_counter()
        waits = [erased_in(practice_id, scan_id) for scan_id in scans]
        limit = PATIENCE * MAILS / PER_SECOND
        while len(service.mails) < MAILS and time.perf_counter() - began < limit:
            time.sleep(0.05)
        seconds = time.perf_counter() - began
    different = len({mail.idempotency_key for mail in service.mails})
    return {
        "mails_per_s": different / seconds,
        "mails_sent": float(different),
        "mails_twice": float(len(service.mails) - different),
        "refused_for_speed": float(service.count("send", status=429)),
        "erasure_median_ms": 1000 * statistics.median(waits),
        "erasure_worst_ms": 1000 * max(waits),
    }


def queue_everything(practice_id: int) -> list[Any]:
    """The mails, and scans to be erased meanwhile; their ids."""
    from dermalia.sealing.fields import Sealing
    from dermalia.sealing.keys import create_report_key, unlock_secrets
    from dermalia.tenancy import practice_scope
    from reports.mail.message import Message
    from reports.mail.models import StaffMail
    from scans.models import Connection, Scan

    message = Message(
        sender_name="Benchmark",
        sender="link@example.org",
        reply_to="b@example.org",
        recipient="colleague@example.org",
        subject="A mail",
        text="Hello",
        html="<p>Hello</p>",
    )
    with practice_scope(practice_id):
        key = unlock_secrets()
        mails = [StaffMail(practice_id=practice_id, kind="attention") for _ in range(MAILS)]
        for mail in mails:
            mail.message = Sealing(key, message.dump())
        StaffMail.objects.bulk_create(mails, batch_size=1000)
        account = Connection.objects.create(
            practice_id=practice_id,
            base_url="https://example.org",
            client_id="x",
            client_secret=Sealing(key, "x"),
        )
        scans = [Scan(practice_id=practice_id, connection=account) for _ in range(ERASURES)]
        for scan in scans:
            scan.scan_identifier = scan.prefix = scan.pk.hex
            scan.key_id = create_report_key()
            scan.state = Scan.State.READY
        Scan.objects.bulk_create(scans)
    return [scan.pk for scan in scans]


@contextmanager
def workers(env: Mapping[str, str]) -> Iterator[None]:
    """Mail and erasure share two processes, as on one machine."""
    options = ["--queues=mail,erase", "--concurrency=2", "--loglevel=ERROR"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "--app=dermalia", "--quiet", "worker", *options, *quiet],
        env={**os.environ, **env},
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def erased_in(practice_id: int, scan_id: Any) -> float:
    """Seconds from asking for an erasure to its proof, while mails are being sent."""
    from audit.chain import OPERATOR
    from dermalia.tenancy import practice_scope
    from retention.domain.erase import request_erasure
    from retention.models import Erasure
    from scans.models import Scan

    began = time.perf_counter()
    with practice_scope(practice_id):
        erasure = request_erasure(
            scan=Scan.objects.get(pk=scan_id), reason=Erasure.Reason.STAFF, who=OPERATOR
        )
    while time.perf_counter() - began < 60:
        with practice_scope(practice_id):
            if Erasure.objects.get(pk=erasure.pk).state == Erasure.State.VERIFIED:
                break
        time.sleep(0.01)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
