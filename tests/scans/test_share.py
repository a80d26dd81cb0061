"""A real worker's processes share its processors out, and its conversions are told."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from practices.domain.tenants import create_practice
from scans.conversion import share_among
from tests.conftest import connect_to, discover
from tests.waiting import until
from tests.work.workers import Worker, redis_client, running

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("committed")]
PROCESSES = 2


def shares(worker: Worker) -> list[int]:
    """The processors that each child was told, of those that convert or wait to."""
    told = []
    for process in worker.children():
        for listed in Path(f"/proc/{process}/task").glob("*/children"):
            for pid in listed.read_text().split():
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if b"scans.conversion" in words:
                    limits = words[words.index(b"scans.conversion") + 1]
                    told.append(int(json.loads(limits)["processors"]))
    return told


@pytest.mark.parametrize("said", ["0", "3"])
def test_conversions_are_told_their_worker_s_share(
    said: str, cluster: IsemecoStandIn, small_capture: Capture
) -> None:
    with redis_client() as client:
        client.flushall()
    practice = create_practice(name="Demo practice", email="practice@example.org")
    cluster.add_scan(small_capture, email="patient@example.org")
    discover(connect_to(cluster, practice))
    worker = Worker(
        processes=PROCESSES,
        DERMALIA_SANDBOX_ORIGINS=cluster.url,
        DERMALIA_CONVERSION_PROCESSORS=said,
    )
    seen: list[int] = []

    def converting() -> bool:
        # One may end while it is looked at; another comes.
        with suppress(FileNotFoundError, ProcessLookupError):
            seen.extend(shares(worker))
        return bool(seen)

    with running(worker):
        until(converting, "nothing was converted")
    assert set(seen) == {int(said) or share_among(PROCESSES)}
