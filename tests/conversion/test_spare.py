"""A child started ahead of its request."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest

from scans.conversion import Limits, SourceFile, children, convert
from tests.waiting import until

from . import support
from .test_confinement import is_alive


@pytest.fixture
def kept() -> Iterator[None]:
    children.keep_spare()
    yield
    children._wanted.clear()
    children._thread.spare = None


def spare_pid() -> int:
    spare = children._thread.spare
    assert spare is not None
    assert spare.child is not None
    return spare.child.pid


def convert_one(limits: Limits | None = None) -> None:
    files = [SourceFile("scan.obj", "mesh", None, None, support.obj_bytes(2000))]
    assert convert(files, profile=support.QUICK, limits=limits).triangles > 1000


def test_no_child_waits_unless_asked_for() -> None:
    convert_one()
    assert children._thread.spare is None


@pytest.mark.usefixtures("kept")
def test_the_next_request_goes_to_the_child_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    convert_one()
    waiting, started = spare_pid(), list[int]()

    def counted(limits: Limits) -> subprocess.Popen[bytes]:
        child = start(limits)
        started.append(child.pid)
        return child

    start = children.start
    monkeypatch.setattr(children, "start", counted)
    convert_one()
    assert len(started) == 1  # the spare for the next
    assert started == [spare_pid()]
    assert not is_alive(waiting)


def test_an_expected_request_finds_its_child_and_leaves_none_behind() -> None:
    children.expect()
    waiting = spare_pid()
    children.expect()
    assert spare_pid() == waiting
    convert_one()
    assert children._thread.spare is None
    assert not is_alive(waiting)


def test_who_expects_again_after_a_long_time_gets_a_child_that_lives() -> None:
    children.expect()
    gone = spare_pid()
    os.kill(gone, signal.SIGKILL)
    until(lambda: not is_alive(gone))
    children.expect()
    assert is_alive(spare_pid())
    convert_one()


@pytest.mark.usefixtures("kept")
def test_a_spare_that_was_killed_is_replaced() -> None:
    convert_one()
    os.kill(spare_pid(), signal.SIGKILL)
    until(lambda: not is_alive(spare_pid()))
    convert_one()


@pytest.mark.usefixtures("kept")
def test_a_child_that_nothing_comes_to_ends_by_itself_and_the_request_finds_another() -> None:
    child = children.start(Limits(idle_seconds=0.0))
    assert child.wait(10) == children.WAITED_IN_VAIN
    spare = children._Spare()
    assert spare.child is not None
    children.end(spare.child)
    spare.child = child
    children._thread.spare = spare
    convert_one()


@pytest.mark.usefixtures("kept")
def test_a_spare_that_gives_up_as_the_request_comes_is_not_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the look whether it lives and the first byte it may still go."""
    convert_one()
    spare = children._thread.spare
    assert spare is not None
    children.end(spare.take() or pytest.fail("no child"))
    gone = children.start(Limits(idle_seconds=0.0))
    gone.wait(10)
    monkeypatch.setattr(spare, "take", lambda: gone)
    convert_one()


@pytest.mark.usefixtures("kept")
def test_other_limits_get_a_child_of_their_own() -> None:
    convert_one()
    first = spare_pid()
    convert_one(Limits(wall_seconds=30))
    until(lambda: not is_alive(first))


@pytest.mark.usefixtures("kept")
def test_a_thread_s_spare_ends_with_the_thread() -> None:
    seen: list[int] = []

    def work() -> None:
        convert_one()
        seen.append(spare_pid())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    until(lambda: not is_alive(seen[0]))
