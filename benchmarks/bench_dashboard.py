"""The dashboard's server time at a million reports of 500 practices: list, search, one scan.

Whole requests as the application answers them, through all of its middleware: session, scope,
log entry, keys, the names of thirty people opened, the page rendered.
"""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import tenancy_rows
from benchmarks.harness import report
from benchmarks.pages import make_reports
from benchmarks.services import fresh_services
from dermalia.embedded import database_url

PRACTICES, MEASURED = 500, 3
ROUNDS = 25
NAMES = ("Demo", "Demo Ä", "Demo Beta", "Demo Gamma")


def main() -> None:
    with fresh_services(durable=False) as folder:
        make_reports(MEASURED)
        url = database_url(folder, "postgres")
        tenancy_rows.fill(url, practices=PRACTICES)
        desks = [Desk(practice_id) for practice_id in measured_practices()]
        from dermalia.boot import settle  # as gunicorn's processes do

        settle()
        figures: dict[str, float] = {}
        for name, ways in WAYS.items():
            seconds = list(timed(desks, ways))
            figures[f"{name}_p50_ms"] = statistics.median(seconds) * 1000
            figures[f"{name}_p95_ms"] = statistics.quantiles(seconds, n=20)[-1] * 1000
    report("dashboard", figures=figures, ratios={})


class Desk:
    """Somebody signed in at one of the practices, with keys and names to all of its scans."""

    def __init__(self, practice_id: int) -> None:
        from django.test import Client
        from django.utils import timezone

        from practices.domain.secrecy import PLEDGE
        from practices.models import User

        self.practice_id = practice_id
        self.client = Client(SERVER_NAME="localhost")
        user = User.objects.create(
            email=f"desk-{practice_id}@example.org",
            practice_id=practice_id,
            role=User.Role.STAFF,
            pledge=PLEDGE,
            pledged_at=timezone.now(),
        )
        self._sign_in(user)
        self.real, self.numbers = self._give_keys()

    def _sign_in(self, user: Any) -> None:
        from dermalia.clients import Browser, Client, Device
        from dermalia.tenancy import practice_scope
        from practices.domain.sessions import open_session
        from practices.entrance import STAFF_SESSION

        self.client.force_login(user)
        with practice_scope(self.practice_id):
            opened = open_session(
                user=user, factor="passkey", client=Client("", Browser.OTHER, Device.OTHER)
            )
        session = self.client.session
        session[STAFF_SESSION] = str(opened.pk)
        session.save()

    def _give_keys(self) -> tuple[str, list[str]]:
        """Seal a name into every made-up scan; the real scan's id, and the others' identifiers."""
        from audit.access import record_access
        from audit.chain import OPERATOR
        from audit.words import Action
        from dermalia.sealing.fields import Sealing
        from dermalia.sealing.keys import create_report_key, unlock_many, unlock_secrets
        from dermalia.tenancy import practice_scope
        from scans.models import Identity, Scan
        from scans.queries import EMAIL_INDEX, FIRST_NAME_INDEX

        with practice_scope(self.practice_id):
            real = Scan.objects.exclude(scan_identifier__startswith="S-").get()
            made_up = list(
                Scan.objects.filter(scan_identifier__startswith="S-").order_by("-discovered_at")
            )
            secrets = unlock_secrets()
            for scan in made_up:
                scan.key_id = create_report_key()
            Scan.objects.bulk_update(made_up, ["key_id"], batch_size=500)
            access = record_access(Action.SCANS_LISTED, who=OPERATOR)
            keys = unlock_many([scan.key_id for scan in made_up], access=access)
            Identity.objects.filter(scan__in=made_up).delete()
            Identity.objects.bulk_create(
                (
                    Identity(
                        practice_id=self.practice_id,
                        scan=scan,
                        first_name=Sealing(keys[scan.key_id], name),
                        email=Sealing(keys[scan.key_id], f"{number}@example.org"),
                        first_name_index=secrets.blind_index(name, name=FIRST_NAME_INDEX),
                        email_index=secrets.blind_index(f"{number}@example.org", name=EMAIL_INDEX),
                    )
                    for number, (scan, name) in enumerate(zip(made_up, itertools.cycle(NAMES)))
                ),
                batch_size=500,
            )
        return str(real.pk), [scan.scan_identifier for scan in made_up]


def measured_practices() -> list[int]:
    """Those with a real scan: they came first, so they have the lowest ids."""
    return list(range(1, MEASURED + 1))


def page(desk: Desk, address: str) -> None:
    answer = desk.client.get(f"/de/scans/{address}")
    assert answer.status_code == 200, (address, answer.status_code)


Way = Callable[[Desk, int], None]
WAYS: dict[str, list[Way]] = {
    "list": [
        lambda desk, _: page(desk, ""),
        lambda desk, _: page(desk, "?stage=released&opened=no"),
        lambda desk, _: page(desk, "?need=any"),
        lambda desk, _: page(desk, "?after=2025-06-01T00:00:00%2B00:00~" + desk.real),
    ],
    "search": [
        lambda desk, turn: page(desk, f"?q={desk.numbers[turn * 7 % len(desk.numbers)]}"),
        lambda desk, turn: page(desk, f"?q={NAMES[turn % len(NAMES)]}"),
        lambda desk, turn: page(desk, f"?q={turn}@example.org"),
        lambda desk, _: page(desk, "?q=2025-06-01"),
    ],
    "detail": [lambda desk, _: page(desk, f"{desk.real}/")],
}


def timed(desks: list[Desk], ways: list[Way]) -> Iterator[float]:
    """Seconds of each request, every way and desk in turns, after a warm-up."""
    for turn in range(-5, ROUNDS):
        for desk, way in itertools.product(desks, ways):
            began = time.perf_counter()
            way(desk, abs(turn))
            if turn >= 0:
                yield time.perf_counter() - began


if __name__ == "__main__":
    main()
