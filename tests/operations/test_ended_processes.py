"""What a process counted outlives it, its files do not: with processes that end in every way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from django.conf import settings
from prometheus_client.multiprocess import MultiProcessCollector

from dermalia.operations.metrics import ended
from dermalia.operations.metrics.ended import put_together
from dermalia.operations.metrics.place import locked
from dermalia.operations.metrics.server import Files
from tests.browser.conftest import serving
from tests.waiting import until
from tests.work.workers import Worker

pytestmark = pytest.mark.processes
COUNT = """
import os, sys, django
django.setup()
from dermalia.operations.metrics import counters
def count(times):
    counters.KEY_FAILURES.labels(outcome="refused").inc(times)
    counters.REQUESTS.labels(view="demo", method="GET", status="2xx").observe(times)
def wait():
    print(os.getpid(), flush=True)
    sys.stdin.read()
"""


@contextmanager
def counting(folder: Path, script: str, host: str = "") -> Iterator[subprocess.Popen[str]]:
    """A process that counts below the folder and waits until its input ends, or is killed."""
    named = f"import socket; socket.gethostname = lambda: {host!r}\n" if host else ""
    with subprocess.Popen(
        [sys.executable, "-c", named + COUNT + script],
        env={
            **os.environ,
            "DERMALIA_METRICS_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "dermalia.settings",
        },
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it has counted
        try:
            yield process
        finally:
            process.kill()


def shown(folder: Path) -> dict[str, float]:
    """Everything that is shown, by name and labels."""
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for metric in Files(folder).collect()
        for sample in metric.samples
    }


def refused(folder: Path) -> float:
    return shown(folder)["dermalia_key_failures_total[('outcome', 'refused')]"]


def files(folder: Path) -> set[str]:
    return {f"{found.parent.name}/{found.name}" for found in folder.glob("*/*")}


TOTALS = {"ended/counter_total.db", "ended/histogram_total.db"}


def test_what_killed_processes_counted_stays_and_their_files_go(tmp_path: Path) -> None:
    for times in (1, 2):
        with counting(tmp_path, f"count({times}); wait()") as process:
            process.send_signal(signal.SIGKILL)
    with counting(tmp_path, "count(4); wait()") as living:
        before = sum_of_files(tmp_path)
        after = shown(tmp_path)
        assert after == before
        assert refused(tmp_path) == 7
        assert files(tmp_path) - TOTALS == {
            f"{host_of(tmp_path)}/{living.pid}.alive",
            f"{host_of(tmp_path)}/counter_{living.pid}.db",
            f"{host_of(tmp_path)}/histogram_{living.pid}.db",
        }
    assert shown(tmp_path) == after
    assert files(tmp_path) == TOTALS


def test_a_child_of_a_fork_has_a_life_of_its_own(tmp_path: Path) -> None:
    """As processes of a pool have: one ends, its parent goes on; the parent ends, it goes on."""
    script = """
if child := os.fork():
    count(1)
    os.waitpid(child, 0)
    wait()
else:
    count(2)
    os._exit(0)
"""
    with counting(tmp_path, script) as parent:
        assert refused(tmp_path) == 3
        assert signs_in(tmp_path) == {f"{host_of(tmp_path)}/{parent.pid}.alive"}
        # What the parent counts later is not lost: its file is still its own.
        assert f"{host_of(tmp_path)}/counter_{parent.pid}.db" in files(tmp_path)


def test_an_orphan_of_a_killed_parent_goes_on_counting(tmp_path: Path) -> None:
    script = """
ready, go = os.pipe(), os.pipe()
if os.fork():
    os.read(ready[0], 1)
    count(1)
    wait()
else:
    count(2)
    os.write(ready[1], b"1")
    os.read(go[0], 1)  # until whoever could write is gone: never, as it holds the end itself
"""
    with counting(tmp_path, script) as parent:
        orphan = next(
            number_of(sign) for sign in wait_for_signs(tmp_path, 2) if number_of(sign) != parent.pid
        )
        try:
            parent.kill()
            parent.wait()
            assert refused(tmp_path) == 3
            assert f"{host_of(tmp_path)}/counter_{orphan}.db" in files(tmp_path)
            assert f"{host_of(tmp_path)}/{parent.pid}.alive" not in files(tmp_path)
        finally:
            os.kill(orphan, signal.SIGKILL)


def test_the_folder_of_a_container_that_is_gone_goes_too(tmp_path: Path) -> None:
    """Each new container has a new name; another one's processes have the same numbers."""
    for host in ("first", "second"):
        with counting(tmp_path, "count(1); wait()", host=host):
            pass
    with counting(tmp_path, "count(1); wait()", host="third"):
        assert refused(tmp_path) == 3
        assert {each.name for each in tmp_path.iterdir()} == {"ended", "lock", "third"}


@pytest.mark.parametrize("broken", ["touch", "rename", "write", "replace", "unlink"])
def test_nothing_counts_twice_or_not_at_all_wherever_it_breaks_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    with counting(tmp_path, "count(1); wait()"):
        pass
    put_together(tmp_path)
    with counting(tmp_path, "count(2); wait()"):
        pass
    before = sum_of_files(tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patched:
        if broken == "write":
            patched.setattr(ended, "_write", fail)
        else:
            patched.setattr(Path, broken, fail)
        put_together(tmp_path)
    assert shown(tmp_path) == before
    assert files(tmp_path) == TOTALS


def test_the_numbers_can_be_shown_where_nothing_was_counted(tmp_path: Path) -> None:
    assert shown(tmp_path / "nowhere") == {}
    put_together(None)


def test_files_without_a_sign_are_left_alone(tmp_path: Path) -> None:
    """A process of an earlier release gives none, and may still count."""
    with counting(tmp_path, "count(1); wait()") as process:
        pass
    (tmp_path / host_of(tmp_path) / f"{process.pid}.alive").unlink()
    assert refused(tmp_path) == 1
    assert f"{host_of(tmp_path)}/counter_{process.pid}.db" in files(tmp_path)


def test_a_web_process_that_takes_the_place_of_a_killed_one_tidies_up_after_it(
    tmp_path: Path, committed: None
) -> None:
    with serving(DERMALIA_METRICS_DIR=str(tmp_path)) as origin:
        (sign,) = wait_for_signs(tmp_path, 1)
        os.kill(number_of(sign), signal.SIGKILL)
        until(lambda: sign not in files(tmp_path) and ended_total(tmp_path))
        requests.get(f"{origin}/health/live", timeout=10).raise_for_status()
        assert sign not in wait_for_signs(tmp_path, 1)
        live = "dermalia_request_seconds_count[('method', 'GET'), ('status', '2xx'), ('view', {})]"
        # The first request, to the page that tells whether the server is there, and this one.
        assert shown(tmp_path)[live.format("'health:live'")] == 1
        assert sum(value for name, value in shown(tmp_path).items() if "seconds_count" in name) >= 2


def test_a_process_of_the_pool_that_takes_the_place_of_a_killed_one_does_so_too(
    tmp_path: Path, committed: None
) -> None:
    life = tmp_path / "life"
    worker = Worker(DERMALIA_METRICS_DIR=str(tmp_path), DERMALIA_SIGN_OF_LIFE=str(life))
    worker.start()
    try:
        until(life.exists)  # a pool that is still starting ends with its first process
        signs = wait_for_signs(tmp_path, 2)
        (sign,) = (each for each in signs if number_of(each) != worker.pid)
        os.kill(number_of(sign), signal.SIGKILL)
        until(lambda: sign not in files(tmp_path))
        assert sign not in wait_for_signs(tmp_path, 2)
    finally:
        worker.kill()


def number_of(sign: str) -> int:
    return int(Path(sign).stem)


def ended_total(folder: Path) -> bool:
    return any(folder.glob("ended/*_total.db"))


def host_of(folder: Path) -> str:
    return next(each.name for each in folder.iterdir() if each.is_dir() and each.name != "ended")


def sum_of_files(folder: Path) -> dict[str, float]:
    """What would be shown without putting anything together."""
    with locked(folder):
        found = sorted(str(each) for each in folder.glob("*/*.db"))
        merged = list(MultiProcessCollector.merge(found))  # type: ignore[no-untyped-call]
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for metric in merged
        for sample in metric.samples
    }


def signs_in(folder: Path) -> set[str]:
    return {name for name in files(folder) if name.endswith(".alive")}


def wait_for_signs(folder: Path, number: int) -> set[str]:
    until(lambda: len(signs_in(folder)) == number)
    return signs_in(folder)
