"""Fifty people of ten practices and five hundred patients at once, on gunicorn as in production.

Each is a client that asks over connections of its own at a human pace. Staff ask for the list, for
a search and for one report, in turn, ``PAUSE`` seconds apart or so. Each patient comes once: gate,
the button, the page, one picture, by a link of their own, so that no page is a remembered one. What
the times are compared with are the same requests one after another, on the same server with nothing
else to do, some before the load and some after it.

``STAFF``, ``PATIENTS``, ``SECONDS``, ``PAUSE`` (of staff) and ``PROCESSES`` (of the web server) may
be set.
"""

import http.client
import os
import random
import re
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from urllib.parse import urlsplit
from uuid import UUID

from benchmarks import load_rows, mail_rows
from benchmarks.harness import report
from benchmarks.pages import web_server
from benchmarks.services import fresh_services

STAFF = int(os.environ.get("STAFF", "50"))
PATIENTS = int(os.environ.get("PATIENTS", "500"))
SECONDS = float(os.environ.get("SECONDS", "40"))
PRACTICES = 10
REPORTS, ROWS = 2, 40  # of each practice: reports that are opened, and others in its list
WARM_UP = 12  # looks, so that both processes have loaded what they need
# Before the load, and as many again after it.
IDLE_STAFF, IDLE_PATIENTS = 60, 30
PAUSE = float(os.environ.get("PAUSE", "2"))
STAFF_PAUSE = (0.5 * PAUSE, 1.5 * PAUSE)  # seconds between an answer and the next request
PROCESSES = int(os.environ.get("PROCESSES", "2"))
PATIENT_PAUSE = (0.5, 1.5)  # before the button is pressed
PATIENCE = 30.0  # seconds until a client gives up
OF_STAFF, OF_PATIENTS = ("list", "search", "detail"), ("gate", "press", "page", "still")
_PICTURE = re.compile(r'src="(/[^"]+/files/[0-9a-f-]{36})"')


@dataclass(frozen=True)
class Desk:
    """Somebody signed in, the scans they open, and what they search for."""

    cookie: str
    scans: Sequence[UUID]
    numbers: Sequence[str]


def main() -> None:
    began, (idle, busy) = time.perf_counter(), (Times(), Times())
    with fresh_services():
        desks, paths = fill()
        filled = time.perf_counter() - began
        quiet = paths[PATIENTS:]
        with web_server(processes=PROCESSES) as address:
            one_by_one(address, idle, desks, quiet[::2])
            everybody(address, busy, desks, paths[:PATIENTS])
            one_by_one(address, idle, desks, quiet[1::2])
    kinds = (*OF_STAFF, *OF_PATIENTS)
    report(
        "load",
        figures={
            "staff": STAFF,
            "patients": PATIENTS,
            "pause_s": PAUSE,
            "web_processes": PROCESSES,
            "fill_s": filled,
            "machine_load": os.getloadavg()[0],
            "requests": busy.requests,
            "requests_per_s": busy.requests / SECONDS,
            "errors": len(busy.errors) + len(idle.errors),
            **busy.figures(kinds),
            **{f"{name}_idle": value for name, value in idle.figures(kinds).items()},
        },
        ratios={
            "staff_vs_idle": busy.p95(OF_STAFF) / idle.p95(OF_STAFF),
            "patient_vs_idle": busy.p95(OF_PATIENTS) / idle.p95(OF_PATIENTS),
        },
    )
    if errors := [*busy.errors, *idle.errors]:
        raise SystemExit(f"{len(errors)} requests failed: {', '.join(sorted(set(errors)))}")


def p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


class Times:
    """Seconds by kind of request, and what was not answered as it should."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self._lock = threading.Lock()

    def add(self, kind: str, seconds: float, error: str) -> None:
        with self._lock:
            self.seconds[kind].append(seconds)
            if error:
                self.errors.append(f"{kind}: {error}")

    @property
    def requests(self) -> int:
        return sum(map(len, self.seconds.values()))

    def figures(self, kinds: Sequence[str]) -> dict[str, float]:
        """Milliseconds of each kind, the median and the 95th percentile."""
        return {
            f"{kind}_{name}_ms": 1000 * value
            for kind in kinds
            for name, value in (
                ("p50", statistics.median(self.seconds[kind])),
                ("p95", p95(self.seconds[kind])),
            )
        }

    def p95(self, kinds: Sequence[str]) -> float:
        return p95(list(chain.from_iterable(self.seconds[kind] for kind in kinds)))


class Person:
    """A client that notes how long it waited for each answer."""

    def __init__(self, address: str, times: Times) -> None:
        self._server, self._times = urlsplit(address).netloc, times

    def ask(
        self, kind: str, path: str, cookie: str = "", *, method: str = "GET", wanted: int = 200
    ) -> tuple[str, str]:
        """The answer's body and the cookie it set; both empty after an error."""
        connection = http.client.HTTPConnection(self._server, timeout=PATIENCE)
        began = time.perf_counter()
        body, given, error = b"", "", ""
        try:
            connection.request(method, path, headers={"Cookie": cookie} if cookie else {})
            response = connection.getresponse()
            body = response.read()
            given = str(response.getheader("Set-Cookie", "")).partition(";")[0]
            if response.status != wanted:
                error = f"status {response.status}"
        except (OSError, http.client.HTTPException) as broken:
            error = type(broken).__name__
        finally:
            connection.close()
        self._times.add(kind, time.perf_counter() - began, error)
        return ("", "") if error else (body.decode("utf-8", "replace"), given)


def look_as_staff(person: Person, desk: Desk, turn: int) -> None:
    """One request: list, search or detail, in turn."""
    scan, number = desk.scans[turn % len(desk.scans)], desk.numbers[turn % len(desk.numbers)]
    kind = OF_STAFF[turn % len(OF_STAFF)]
    address = {"list": "", "search": f"?q={number}", "detail": f"{scan}/"}
    person.ask(kind, f"/de/scans/{address[kind]}", desk.cookie)


def look_as_patient(person: Person, path: str, pause: Callable[[], None]) -> None:
    """Gate, button, page, one picture; an error ends the visit."""
    gate, _ = person.ask("gate", path)
    if not gate:
        return
    pause()
    _, cookie = person.ask("press", path, method="POST", wanted=303)
    if not cookie:
        return
    page, _ = person.ask("page", path, cookie)
    if not page:
        return
    picture = _PICTURE.search(page)
    if picture is None:
        raise SystemExit("A report's page shows no picture.")
    person.ask("still", picture[1], cookie)


def one_by_one(address: str, times: Times, desks: Sequence[Desk], paths: Sequence[str]) -> None:
    """What staff and patients ask, with nobody else there; the first looks warm the server up."""
    warm = Person(address, Times())
    for turn, path in enumerate(paths[:WARM_UP]):
        look_as_staff(warm, desks[turn % len(desks)], turn)
        look_as_patient(warm, path, pause=lambda: None)
    person = Person(address, times)
    for turn in range(IDLE_STAFF):
        look_as_staff(person, desks[turn % len(desks)], turn)
    for path in paths[WARM_UP:]:
        look_as_patient(person, path, pause=lambda: None)


def everybody(address: str, times: Times, desks: Sequence[Desk], paths: Sequence[str]) -> None:
    """Staff for ``SECONDS``; meanwhile each patient comes once, at any moment of it."""
    began = time.perf_counter()

    def staff(number: int, desk: Desk) -> None:
        person, chance = Person(address, times), random.Random(number)
        turn = chance.randrange(1000)
        time.sleep(chance.uniform(0, STAFF_PAUSE[1]))
        while time.perf_counter() - began < SECONDS:
            look_as_staff(person, desk, turn)
            turn += 1
            time.sleep(chance.uniform(*STAFF_PAUSE))

    def patient(number: int, path: str) -> None:
        chance = random.Random(f"patient {number}")
        time.sleep(chance.uniform(0, SECONDS - PATIENT_PAUSE[1]))
        person = Person(address, times)
        look_as_patient(person, path, lambda: time.sleep(chance.uniform(*PATIENT_PAUSE)))

    with ThreadPoolExecutor(len(desks) + len(paths)) as people:
        jobs = [people.submit(staff, number, desk) for number, desk in enumerate(desks)]
        jobs += [people.submit(patient, number, path) for number, path in enumerate(paths)]
        for job in jobs:
            job.result()


def fill() -> tuple[list[Desk], list[str]]:
    """Practices with staff and reports; the desks, and an address for each patient.

    The few reports that are opened are real ones of a small synthetic face, the others of a
    practice rows without files, so that lists are as long as they get.
    """
    from django.urls import reverse

    from dermalia.sandbox.face import make_capture
    from dermalia.tenancy import practice_scope
    from scans.models import Scan

    desks: list[Desk] = []
    links: list[str] = []
    capture = make_capture(seed=1, **load_rows.SMALL)
    with (
        load_rows.cluster_of(capture, scans=REPORTS) as cluster,
        load_rows.one_conversion(),
    ):
        for place in range(PRACTICES):
            practice_id = load_rows.live_practice()
            load_rows.take_in_all(practice_id, load_rows.connected(practice_id, cluster))
            links += load_rows.links_of(practice_id)
            with practice_scope(practice_id):
                scans = list(Scan.objects.values_list("pk", flat=True))
            mail_rows.queue(practice_id, ROWS)
            with practice_scope(practice_id):
                numbers = list(Scan.objects.values_list("scan_identifier", flat=True))
            desks += [
                Desk(load_rows.staff_cookie(practice_id), scans, numbers)
                for _ in range(place, STAFF, PRACTICES)
            ]
    wanted = PATIENTS + 2 * (WARM_UP + IDLE_PATIENTS)
    links = load_rows.more_links(links, wanted)
    return desks, [reverse("reports:patient", args=[link]) for link in links]


if __name__ == "__main__":
    main()
