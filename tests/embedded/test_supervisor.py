"""The foreground supervisor with real services and small children."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dermalia.embedded import (
    Backoff,
    Child,
    Services,
    Supervisor,
    database_url,
    environment,
    roles,
)
from dermalia.embedded.locks import is_free
from tests.embedded import clients
from tests.embedded.conftest import processes_of
from tests.waiting import long_before, until

pytestmark = pytest.mark.processes

# Has a fork that nobody waits for, as a pool of workers has. Notes its id, then on SIGTERM
# whether Redis still answers, and ends.
WORKER = """
import os, pathlib, redis, signal, sys, time
notes = pathlib.Path(sys.argv[1])
cache = redis.Redis.from_url(os.environ["DERMALIA_CACHE_URL"])
def end(*_):
    notes.with_suffix(".end").write_text(f"redis: {cache.ping()}")
    sys.exit(0)
if os.fork() == 0:
    time.sleep(60)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
print("worker is up")
with notes.open("a") as file: file.write(f"{os.getpid()}\\n")
time.sleep(60)
"""
STUBBORN = """
import os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text("up")
time.sleep(60)
"""


@pytest.fixture
def data(shared_data: Path) -> Path:
    """One folder for all these tests: a supervisor that stops leaves it to the next."""
    return shared_data


class Notes:
    """The file where a child notes each of its starts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.end = path.with_suffix(".end")

    def pids(self) -> list[int]:
        return [int(line) for line in self.path.read_text().split()] if self.path.exists() else []


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "notes")


def python(name: str, code: str, *arguments: Path, stop_timeout: float = 5) -> Child:
    return Child(name, [sys.executable, "-c", code, *arguments], stop_timeout=stop_timeout)


def run_while(supervisor: Supervisor, steps: Callable[[], object]) -> int:
    """Run the supervisor here and `steps` beside it; then wish for the end."""
    failures: list[BaseException] = []

    def drive() -> None:
        try:
            steps()
        except BaseException as failure:  # noqa: BLE001 - raised again by the caller
            failures.append(failure)
        finally:
            supervisor.stop()

    driver = threading.Thread(target=drive)
    driver.start()
    code = supervisor.run()
    driver.join()
    if failures:
        raise failures[0]
    return code


def supervise(data: Path, children: Sequence[Child], **options: object) -> Supervisor:
    # Their settings, explicitly: a variable that is set around the supervisor has precedence.
    children = [replace(child, env=environment(data)) for child in children]
    return Supervisor(Services(data, durable=False), children, **options)  # type: ignore[arg-type]


def test_a_killed_child_is_reported_and_started_again(data: Path, notes: Notes) -> None:
    deaths: list[str] = []
    lines: list[str] = []

    def on_child_death(name: str) -> None:
        deaths.append(name)
        raise ValueError("the caller's own trouble")

    def steps() -> None:
        until(lambda: len(notes.pids()) == 1)
        os.kill(notes.pids()[0], signal.SIGKILL)
        until(lambda: len(notes.pids()) == 2)

    supervisor = supervise(
        data,
        [python("worker", WORKER, notes.path)],
        on_child_death=on_child_death,
        log=lines.append,
    )
    assert run_while(supervisor, steps) == 0
    assert deaths == ["worker"]
    assert [line.partition(";")[0] for line in lines] == [
        "after the death of worker: ValueError: the caller's own trouble",
        "worker died (SIGKILL)",
    ]
    assert processes_of(data) == set()


def test_a_killed_service_is_started_again_with_its_data(data: Path) -> None:
    services = Services(data, durable=False)
    settings = environment(data)
    lines: list[str] = []
    ready = threading.Event()

    def steps() -> None:
        assert ready.wait(20)
        clients.query(settings, "CREATE TABLE kept AS SELECT 7 AS value")
        process = services._services["postgres"]._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: services._services["postgres"]._process is not process)
        until(lambda: roles.answers(database_url(data, "dermalia_app")))
        assert clients.query(settings, "TABLE kept") == [(7,)]

    supervisor = Supervisor(services, [], log=lines.append, on_ready=ready.set)
    assert run_while(supervisor, steps) == 0
    assert len(lines) == 1
    assert lines[0].startswith("postgres died (Postgres stopped (SIGKILL)")


def test_sigterm_stops_children_then_s3_redis_and_postgres(data: Path, notes: Notes) -> None:
    supervisor = supervise(data, [python("worker", WORKER, notes.path)])

    def steps() -> None:
        until(lambda: len(notes.pids()) == 1)
        os.kill(os.getpid(), signal.SIGTERM)
        until(notes.end.exists)

    assert run_while(supervisor, steps) == 0
    assert notes.end.read_text() == "redis: True"
    ended = datetime.fromtimestamp(notes.end.stat().st_mtime, UTC)
    assert ended < redis_stopped(data) < postgres_stopped(data)
    assert processes_of(data) == set()


def redis_stopped(data: Path) -> datetime:
    log = (data / "logs" / "redis.log").read_text()
    stamp = re.findall(r"\d+:M (.*) # User requested shutdown", log)[-1]
    return datetime.strptime(stamp, "%d %b %Y %H:%M:%S.%f").replace(tzinfo=UTC)


def postgres_stopped(data: Path) -> datetime:
    log = (data / "logs" / "postgres.log").read_text()
    stamp = re.findall(r"^(\S+ \S+) UTC .*received fast shutdown request", log, re.MULTILINE)[-1]
    return datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)


def test_a_second_signal_hurries_past_a_child_that_ignores_the_first(
    data: Path, notes: Notes
) -> None:
    patience = 120
    supervisor = supervise(data, [python("worker", STUBBORN, notes.path, stop_timeout=patience)])

    def steps() -> None:
        until(notes.path.exists)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    with long_before(patience):
        assert run_while(supervisor, steps) == 0
    assert processes_of(data) == set()


def test_a_signal_repeated_at_once_is_one_wish(data: Path) -> None:
    supervisor = supervise(data, [])
    supervisor.stop()
    supervisor.stop()
    assert supervisor._hurry() == 0
    time.sleep(0.35)
    supervisor.stop()
    assert supervisor._hurry() == 1


def test_a_wish_to_stop_ends_a_start_that_is_under_way(data: Path, notes: Notes) -> None:
    supervisor = supervise(data, [python("worker", WORKER, notes.path)])
    supervisor.stop()
    assert supervisor.run() == 0
    assert notes.pids() == []
    assert processes_of(data) == set()


def test_a_child_that_dies_again_and_again_is_given_up_in_one_line(data: Path) -> None:
    lines: list[str] = []
    broken = Child("web", [sys.executable, "-c", "raise SystemExit(3)"])
    backoff = Backoff(first_seconds=0.01, quick_seconds=10, quick_deaths=3)
    assert supervise(data, [broken], log=lines.append, backoff=backoff).run() == 1
    assert lines[-1] == (
        "web died 3 times in a row within 10 s of its start; the last time: exit code 3"
    )
    assert processes_of(data) == set()


def test_output_of_children_is_passed_on_with_their_names(
    data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    talker = "import time; print('one\\ntwo', end='', flush=True); time.sleep(60)"
    seen: list[str] = []

    def steps() -> None:
        def one_line_seen() -> bool:
            seen.extend(capfd.readouterr().err.splitlines())
            return bool(seen)

        until(one_line_seen)

    assert run_while(supervise(data, [python("web", talker)]), steps) == 0
    # The second line has no end: it is passed on when the child is gone.
    seen.extend(capfd.readouterr().err.splitlines())
    assert seen == ["web      | one", "web      | two"]


def test_quiet_children_write_to_their_log_files(
    data: Path, notes: Notes, capfd: pytest.CaptureFixture[str]
) -> None:
    supervisor = supervise(data, [python("worker", WORKER, notes.path)], quiet=True)
    assert run_while(supervisor, lambda: until(lambda: len(notes.pids()) == 1)) == 0
    assert capfd.readouterr().err == ""
    assert (data / "logs" / "worker.log").read_text() == "worker is up\n"


def test_a_killed_supervisor_leaves_nothing_running_and_a_new_start_works(
    data: Path, notes: Notes
) -> None:
    settings = environment(data)
    code = """
import pathlib, sys
from dermalia.embedded import Child, Services, Supervisor, environment
data, notes, worker = sys.argv[1:]
data = pathlib.Path(data)
child = Child("worker", [sys.executable, "-c", worker, notes], environment(data))
sys.exit(Supervisor(Services(data), [child]).run())
"""
    first = subprocess.Popen(
        [sys.executable, "-c", code, data, notes.path, WORKER],
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        until(lambda: len(notes.pids()) == 1)
        clients.query(settings, "CREATE TABLE outlived AS SELECT 7 AS value")
        clients.cache(settings).set("kept", "7")
        clients.objects(settings).put_object(Bucket="dermalia", Key="a/b", Body=b"7")
    finally:
        first.kill()
        first.communicate()
    with Services(data):  # at once: it waits for what is still on its way out
        assert clients.query(settings, "TABLE outlived") == [(7,)]
        assert clients.cache(settings).get("kept") == b"7"
        stored = clients.objects(settings).get_object(Bucket="dermalia", Key="a/b")
        assert stored["Body"].read() == b"7"
        assert is_free(data / "run" / "worker.lock")
    assert processes_of(data) == set()


def test_without_a_new_start_nothing_is_left_after_a_second(data: Path) -> None:
    code = """
import os, pathlib, signal, sys
from dermalia.embedded import Services
Services(pathlib.Path(sys.argv[1]), durable=False).start()
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run(
        [sys.executable, "-c", code, data], cwd=Path(__file__).parents[2], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    until(lambda: processes_of(data) == set())
