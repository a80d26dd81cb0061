"""Ten thousand deliveries drain at the speed a service allows, and an erasure does not wait.

The whole way of each mail: its row claimed, the report's key opened on record, the mail written
and sealed, handed over by HTTP, and what became of it recorded. Erasures are asked for while
nothing else happens, then evenly over the time the mails take, in the same two processes.

``MAILS`` and ``PER_SECOND`` may be set; at the 2 a second of a new account it takes 83 minutes.
"""

import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from benchmarks.harness import report
from benchmarks.mail_rows import fill
from benchmarks.services import fresh_services

MAILS = int(os.environ.get("MAILS", "10000"))
PER_SECOND = float(os.environ.get("PER_SECOND", "20"))
ERASURES = 20  # idle, and as many again under load
API_KEY = "re_for_this_benchmark"
PATIENCE = 4.0  # times the seconds that the limit alone would take

Scans = Sequence[tuple[int, UUID]]


def main() -> None:
    with fresh_services():
        from dermalia.sandbox.resend import ResendStandIn

        with ResendStandIn(api_key=API_KEY, rate_limit=int(PER_SECOND)) as service:
            env = {
                "DERMALIA_SANDBOX_ORIGINS": service.url,
                "DERMALIA_RESEND_URL": service.url,
                "DERMALIA_RESEND_API_KEY": API_KEY,
                "DERMALIA_RESEND_PER_SECOND": str(PER_SECOND),
            }
            figures = measure(service, env)
    ratios = {
        "rate_vs_allowed": figures["mails_per_s"] / PER_SECOND,
        "erasure_vs_idle": figures["erasure_median_ms"] / figures["erasure_idle_ms"],
    }
    report("mail", figures=figures, ratios=ratios)


def measure(service: Any, env: Mapping[str, str]) -> dict[str, float]:
    """Drain the outbox by two processes, with an erasure now and then."""
    _, idle = fill(0, ERASURES)
    with workers(env):
        erased_in(*idle[0])  # the workers have started, and loaded what they need
        quiet = [erased_in(*scan) for scan in idle[1:]]
    practices, busy = fill(MAILS, ERASURES)
    began = time.perf_counter()
    with workers(env):
        _await_mails(service, 1, seconds=60)
        first = time.perf_counter()
        waits = spread(service, busy)
        limit = first + PATIENCE * MAILS / PER_SECOND
        _await_mails(service, MAILS, seconds=limit - time.perf_counter())
        seconds = time.perf_counter() - first
    different = len({mail.idempotency_key for mail in service.mails})
    return {
        "mails_per_s": different / seconds,
        "first_mail_s": first - began,
        "mails_sent": float(different),
        "mails_twice": float(len(service.mails) - different),
        "refused_for_speed": float(service.count("send", status=429)),
        "unfair": unfairness(service, practices),
        "erasure_idle_ms": 1000 * statistics.median(quiet),
        "erasure_median_ms": 1000 * statistics.median(waits),
        "erasure_worst_ms": 1000 * max(waits),
    }


def spread(service: Any, scans: Scans) -> list[float]:
    """Ask for the erasures evenly over the time that the mails take; seconds of each."""
    waits = []
    for turn, scan in enumerate(scans):
        _await_mails(service, turn * MAILS // len(scans), seconds=PATIENCE * MAILS / PER_SECOND)
        waits.append(erased_in(*scan))
    return waits


def unfairness(service: Any, practices: Sequence[int]) -> float:
    """How much more than its share the luckiest practice had of the first half of the mails."""
    half = service.mails[: len(service.mails) // 2]
    counted = Counter(mail.tags["practice"] for mail in half)
    return max(counted.values()) * len(practices) / len(half)


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


def erased_in(practice_id: int, scan_id: UUID) -> float:
    """Seconds from asking for an erasure to its proof."""
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


def _await_mails(service: Any, number: int, *, seconds: float) -> None:
    until = time.perf_counter() + seconds
    while len(service.mails) < number and time.perf_counter() < until:
        time.sleep(0.05)


if __name__ == "__main__":
    main()
