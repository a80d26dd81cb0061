"""A conversion keeps to its worker's share of the machine, and makes the same of it."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from scans import tasks
from scans.conversion import Limits, SourceFile, children, convert, pipeline, processors
from tests.waiting import until

from . import support

MACHINE = 12


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "_kept_to", None)


@pytest.fixture
def large_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(MACHINE)))
    monkeypatch.setattr(processors, "_OWN_GROUP", Path("/nowhere"))


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large_machine: None) -> Path:
    """Control groups of a service, as systemd makes them."""
    own = tmp_path / "own"
    own.write_text("9:name=systemd:/\n0::/system.slice/worker.service\n")
    tree = tmp_path / "groups"
    (tree / "system.slice/worker.service").mkdir(parents=True)
    monkeypatch.setattr(processors, "_OWN_GROUP", own)
    monkeypatch.setattr(processors, "_GROUPS", tree)
    return tree


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many threads each pool may start, and each AVIF encoder."""
    seen: list[int] = []
    start, save = ThreadPoolExecutor.__init__, Image.Image.save

    def started(self: ThreadPoolExecutor, most: int) -> None:
        seen.append(most)
        start(self, most)

    def saved(self: Image.Image, file: Any, kind: str, **options: Any) -> None:
        if kind == "AVIF":
            seen.append(options["max_threads"])
        save(self, file, kind, **options)

    monkeypatch.setattr(ThreadPoolExecutor, "__init__", started)
    monkeypatch.setattr(Image.Image, "save", saved)
    return seen


@pytest.mark.usefixtures("large_machine")
@pytest.mark.parametrize(("processes", "share"), [(1, 12), (2, 6), (5, 2), (12, 1), (40, 1)])
def test_processes_share_the_machine_out_and_none_goes_without(processes: int, share: int) -> None:
    assert processors.share_among(processes) == share


def test_who_was_given_no_share_has_all_there_is() -> None:
    assert Limits().processors == processors.available()
    processors.keep_to(3)
    assert Limits().processors == 3


def test_less_than_one_is_no_share() -> None:
    with pytest.raises(ValueError, match="at least one"):
        processors.keep_to(0)


@pytest.mark.parametrize(
    ("service", "above", "count"),
    [
        ("200000 100000", "max 100000", 2),
        ("max 100000", "300000 100000", 3),
        ("400000 100000", "150000 100000", 2),  # one and a half
        ("10000 100000", "max 100000", 1),
        ("max 100000", "max 100000", MACHINE),
        ("9900000 100000", "max 100000", MACHINE),
        ("of a kernel to come", "max 100000", MACHINE),
    ],
)
def test_what_the_system_rations_is_not_counted_on(
    groups: Path, service: str, above: str, count: int
) -> None:
    (groups / "system.slice/worker.service/cpu.max").write_text(service)
    (groups / "system.slice/cpu.max").write_text(above)
    assert processors.available() == count


@pytest.mark.usefixtures("groups")
def test_groups_that_ration_nothing_leave_all() -> None:
    assert processors.available() == MACHINE


@pytest.mark.usefixtures("large_machine")
def test_a_worker_shares_its_processors_out_among_its_processes() -> None:
    tasks.prepare_conversion(sender=SimpleNamespace(concurrency=3))
    assert Limits().processors == 4


@pytest.mark.usefixtures("large_machine")
def test_the_operator_s_word_goes_before_that(settings: Any) -> None:
    settings.CONVERSION_PROCESSORS = 5
    tasks.prepare_conversion(sender=SimpleNamespace(concurrency=3))
    assert Limits().processors == 5


@pytest.mark.parametrize("share", [1, 2])
def test_every_pool_of_a_conversion_keeps_to_the_share(
    share: int, pools: list[int], capture: list[SourceFile]
) -> None:
    processors.keep_to(share)
    mesh, *others = capture
    large = support.mesh(support.obj_bytes(130_000), mesh.name)  # simplified in halves
    pipeline.run([large, *others], Limits(), support.QUICK)
    assert len(pools) >= 7  # encoders, readers, placing, halves, layers, overlay, views
    assert max(pools) == share


def test_a_child_is_told_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    processors.keep_to(1)
    child = children.start(Limits())

    def told() -> list[bytes]:
        words = Path(f"/proc/{child.pid}/cmdline").read_bytes().split(b"\0")
        return [word for word in words if word.startswith(b"{")]

    try:
        (limits,) = until(told)  # a program that has just begun has no arguments for a moment
    finally:
        children.end(child)
    assert json.loads(limits)["processors"] == 1


def test_the_share_changes_nothing_of_what_comes_out(capture: list[SourceFile]) -> None:
    """With two processors even where this machine has one."""
    alone, beside = (
        convert(capture, profile=support.QUICK, limits=Limits(processors=count)) for count in (1, 2)
    )
    assert alone == beside
