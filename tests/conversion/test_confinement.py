"""What the child may not do, and what becomes of it and its parent when either is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scans.conversion import ConversionError, ErrorCode, Limits, SourceFile, convert, framing
from scans.conversion.runner import _conversion, _cpu_seconds, _death, _too_late
from tests.waiting import until

from . import support

_ROOT = Path(__file__).resolve().parents[2]

_TRIES = """
import errno, json, os, resource, socket, subprocess, sys
from scans.conversion.confine import confine
from scans.conversion.limits import Limits

network = confine(Limits(memory=256 << 20), parent=int(sys.argv[1]))
blocked = {}

def attempt(name, function):
    try:
        function()
        blocked[name] = False
    except (OSError, MemoryError) as error:
        blocked[name] = True

def write_file():
    with open(sys.argv[2], "wb") as file:
        file.write(b"x")

import mmap
attempt("socket", lambda: socket.socket())
attempt("unix socket", lambda: socket.socketpair())
attempt("program", lambda: subprocess.run(["/bin/true"]))
attempt("signal", lambda: os.kill(os.getppid(), 0))
attempt("file", write_file)
attempt("memory", lambda: bytearray(300 << 20))
attempt("anonymous memory", lambda: mmap.mmap(-1, 300 << 20, flags=mmap.MAP_PRIVATE))
print(json.dumps([network, blocked, resource.getrlimit(resource.RLIMIT_CORE)]))
"""


def children(pid: int) -> list[int]:
    """Converters that a process has started, from any thread; its other children are not ours."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return [child for child in found if b"scans.conversion" in _command(child)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_confined_process_can_reach_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TRIES, str(os.getpid()), str(tmp_path / "file")],
        env={"PYTHONPATH": str(_ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    network, blocked, core = json.loads(done.stdout)
    assert network in ("seccomp", "namespace+seccomp")
    assert blocked == dict.fromkeys(blocked, True)
    assert len(blocked) == 7
    assert core == [0, 0]


def test_a_child_that_computes_too_long_is_stopped_by_the_system() -> None:
    program = (
        "import sys; from scans.conversion.confine import confine;"
        "from scans.conversion.limits import Limits;"
        "confine(Limits(cpu_seconds=1), parent=int(sys.argv[1]))\nwhile True: pass"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(os.getpid())],
        env={"PYTHONPATH": str(_ROOT)},
        check=False,
        timeout=30,
    )
    assert done.returncode == -signal.SIGXCPU
    assert _death(done.returncode).code is ErrorCode.TIMEOUT


def test_the_child_gets_no_secrets_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capture: list[SourceFile]
) -> None:
    seen: list[bytes] = []

    def look() -> None:
        until(lambda: children(os.getpid()))
        child = children(os.getpid())[0]
        environment = Path(f"/proc/{child}/environ")
        until(lambda: b"PYTHONPATH" in environment.read_bytes())
        seen.append(environment.read_bytes())

    monkeypatch.setenv("DERMALIA_ROOT_KEY", "planted")
    watcher = threading.Thread(target=look)
    watcher.start()
    convert(capture, profile=support.QUICK)
    watcher.join()
    assert b"planted" not in seen[0]


def test_a_killed_child_is_reported_and_the_next_conversion_works(
    capture: list[SourceFile],
) -> None:
    def kill() -> None:
        until(lambda: children(os.getpid()))
        os.kill(children(os.getpid())[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(ConversionError) as caught:
        convert(capture, profile=support.QUICK)
    killer.join()
    assert caught.value.code is ErrorCode.KILLED
    assert not caught.value.is_permanent
    assert convert(capture, profile=support.QUICK).triangles > 3000


def test_a_killed_worker_leaves_no_child_behind(tmp_path: Path) -> None:
    scan = tmp_path / "scan.obj"
    scan.write_bytes(support.obj_bytes(100_000))
    program = (
        "import sys; from scans.conversion import *; from pathlib import Path;"
        "convert([SourceFile('a', 'mesh', None, None, Path(sys.argv[1]).read_bytes())])"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", program, str(scan)], env={"PYTHONPATH": str(_ROOT)}
    )
    until(lambda: children(worker.pid))
    child = children(worker.pid)[0]
    # Only once the child listens to its parent's end; a moment later it is hard at work.
    until(lambda: b"800" in Path(f"/proc/{child}/oom_score_adj").read_bytes())
    os.kill(child, signal.SIGSTOP)  # it must not end because it is done
    worker.kill()
    worker.wait()
    until(lambda: not is_alive(child))


def test_a_timed_out_child_is_gone_when_the_error_arrives(capture: list[SourceFile]) -> None:
    before = children(os.getpid())
    with pytest.raises(ConversionError) as caught:
        convert(capture, limits=Limits(wall_seconds=0.2))
    assert caught.value.code in {ErrorCode.TIMEOUT, ErrorCode.BUSY}
    assert children(os.getpid()) == before


def test_a_child_that_was_kept_from_its_work_may_try_again(capture: list[SourceFile]) -> None:
    def stop() -> None:
        until(lambda: children(os.getpid()))
        os.kill(children(os.getpid())[0], signal.SIGSTOP)

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(ConversionError) as caught:
        convert(capture, limits=Limits(wall_seconds=2.0))
    stopper.join()
    assert caught.value.code is ErrorCode.BUSY
    assert not caught.value.is_permanent


def test_a_child_that_worked_all_its_time_would_do_so_again() -> None:
    """The same capture would keep a worker from all others, attempt after attempt."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        until(lambda: _cpu_seconds(child.pid) >= 0.3)
        in_vain = _too_late(child, Limits(wall_seconds=0.5))
        too_early_to_tell = _too_late(child, Limits(wall_seconds=60))
        child.kill()
    assert in_vain.code is ErrorCode.TIMEOUT
    assert in_vain.is_permanent
    assert too_early_to_tell.code is ErrorCode.BUSY


def test_conversions_leave_no_file_open(capture: list[SourceFile]) -> None:
    def left() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    unreadable = [SourceFile("scan.obj", "mesh", None, None, b"v nan 0 0\nf 1 1 1\n")]
    before = left()
    for _ in range(3):
        convert(capture, profile=support.QUICK)
        with pytest.raises(ConversionError):
            convert(unreadable)
        with pytest.raises(ConversionError):
            convert(capture, limits=Limits(wall_seconds=0.01))
    assert left() == before


@pytest.mark.parametrize(
    "header",
    [
        {"outputs": [], "triangles_in": 1},
        {"error": "no such code", "where": ""},
        {"outputs": [{"name": "../../etc/cron.d/x"}], "triangles_in": 1, "triangles": 1},
        {
            "outputs": [
                {
                    "name": "../model.glb",
                    "kind": "model",
                    "view": None,
                    "light": None,
                    "metric": None,
                    "media_type": "model/gltf-binary",
                }
            ],
            "triangles_in": 1,
            "triangles": 1,
            "network": "seccomp",
        },
        {
            "outputs": [
                {
                    "name": "layer-white.avif",
                    "kind": "layer",
                    "view": None,
                    "light": "white",
                    "metric": None,
                    "media_type": "text/html",
                }
            ],
            "triangles_in": 1,
            "triangles": 1,
            "network": "seccomp",
        },
    ],
)
def test_an_answer_a_taken_over_child_might_give_is_refused(header: framing.Header) -> None:
    answer = bytearray().join(framing.pack(header, [b"x"] * len(header.get("outputs", []))))
    with pytest.raises(ConversionError) as caught:
        _conversion(answer)
    assert caught.value.code is ErrorCode.CRASHED


def test_a_module_of_another_version_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capture: list[SourceFile]
) -> None:
    from scans.conversion import gltfpack

    other = tmp_path / "library.wasm"
    other.write_bytes(gltfpack.module_path().read_bytes() + b"\0")
    monkeypatch.setenv("DERMALIA_GLTFPACK_WASM", str(other))
    monkeypatch.setattr(gltfpack, "cache_path", lambda: tmp_path / "none.cwasm")
    with pytest.raises(ConversionError) as caught:
        gltfpack.prepare()
    assert caught.value.code is ErrorCode.NOT_READY
    assert not (tmp_path / "none.cwasm").exists()


def test_a_damaged_cache_is_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from scans.conversion import gltfpack

    cache = tmp_path / "build" / "module.cwasm"
    cache.parent.mkdir()
    cache.write_bytes(b"not machine code")
    monkeypatch.setattr(gltfpack, "cache_path", lambda: cache)
    assert gltfpack.prepare() == cache
    assert cache.stat().st_size > 500_000
    assert list(cache.parent.iterdir()) == [cache]
