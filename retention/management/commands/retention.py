import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from audit.chain import OPERATOR
from dermalia.tenancy import practice_scope
from practices.models import Practice, Purpose
from retention.domain.due import Progress, erase_due_reports
from retention.domain.guard import confirm_sweep, due_number
from retention.domain.plan import plan
from retention.domain.reconcile import reconcile
from retention.domain.settle import lengthen
from retention.models import Reconciliation
from retention.queries import held_sweep, overdue

A_DAY = 86_400.0


class Command(BaseCommand):
    help = "Says what is erased when and why, and looks after erasures."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        planning = verbs.add_parser("plan", help="what goes when, and why; changes nothing")
        planning.add_argument("--practice", type=int, help="this one's alone")
        planning.add_argument("--days", type=int, default=30, help="how far ahead (30)")
        verbs.add_parser(
            "status", help="what was promised and is not done; exit code 1 if anything"
        )
        _of_practice(verbs.add_parser("sweep", help="erase what is due now"))
        confirm = verbs.add_parser("confirm", help="let a sweep go on that was held")
        _of_practice(confirm)
        confirm.add_argument("number", type=int, help="how many go, as `status` or `plan` told")
        longer = verbs.add_parser(
            "lengthen", help="give the reports there are a longer period instructed since"
        )
        _of_practice(longer)
        longer.add_argument("purpose", choices=Purpose.values)
        verbs.add_parser("reconcile", help="compare storage with the database, and repair")

    def handle(self, *args: Any, **options: Any) -> None:
        verb = options.pop("verb")
        with override("en"):
            getattr(self, f"_{verb}")(**options)

    def _plan(self, *, practice: int | None, days: int, **_: object) -> None:
        number = 0
        for practice_id in _practices(practice):
            for each in plan(practice_id=practice_id, days=days):
                number += 1
                waits = " It is restricted and waits." if each.waits else ""
                self.stdout.write(
                    f"{each.on}  practice {practice_id}  {each.scan_id}  {each.why}{waits}"
                )
        self.stdout.write(f"{number} to be erased until {days} days from today.")

    def _status(self, **_: object) -> None:
        found = overdue()
        lines = {
            "erasures requested longer ago than promised": found.unverified,
            "erasures that no worker tries again": found.quarantined,
            "scans due since yesterday and still there": found.late,
            "practices whose sweep is on hold": found.held,
            "files missing in storage": found.missing,
        }
        for words, number in lines.items():
            self.stdout.write(f"{number:8}  {words}")
        for practice_id in _practices(None):
            with practice_scope(practice_id):
                if sweep := held_sweep():
                    self.stdout.write(
                        f"practice {practice_id}: {due_number()} on hold since"
                        f" {sweep.held_at:%Y-%m-%d %H:%M} UTC: {sweep.get_hold_display()}"
                    )
        if found.anything:
            raise CommandError("Not everything that was promised is done.")

    def _sweep(self, *, practice: int, **_: object) -> None:
        telling = Telling(self.stdout.write)
        number = erase_due_reports(practice_id=_known(practice), tell=telling)
        self.stdout.write(f"{number} erasures requested.")
        with practice_scope(practice):
            if held_sweep():
                raise CommandError("The rest is on hold: see `retention status`.")

    def _confirm(self, *, practice: int, number: int, **_: object) -> None:
        with practice_scope(_known(practice)):
            if not confirm_sweep(number=number, who=OPERATOR):
                raise CommandError(f"Nothing is on hold, or not {number} but {due_number()} are.")
        self._sweep(practice=practice)

    def _lengthen(self, *, practice: int, purpose: str, **_: object) -> None:
        number = lengthen(practice_id=_known(practice), purpose=Purpose(purpose), who=OPERATOR)
        self.stdout.write(f"{number} reports are kept for longer; each is in the log.")

    def _reconcile(self, **_: object) -> None:
        row = reconcile(seconds=A_DAY, anew=True)
        if row is None:
            raise CommandError("A worker is comparing at this moment.")
        self.stdout.write(_told(row))
        if row.missing or row.strangers or row.orphans > row.deleted:
            raise CommandError("Something needs a look: the log has its names.")


class Telling:
    """Says how far a sweep is, how fast it goes and how long it will take: a line every few
    seconds, and one at the end."""

    EVERY_SECONDS = 2.0

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._began = self._said = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        over = progress.done >= progress.found
        if now - self._said < self.EVERY_SECONDS and not over:
            return
        self._said = now
        rate = progress.done / max(now - self._began, 0.001)
        left = timedelta(seconds=round(max(progress.found - progress.done, 0) / rate))
        self._write(
            f"{progress.done} of {progress.found} erased, {rate:.0f} a second, {left} left."
        )


def _told(row: Reconciliation) -> str:
    return (
        f"{row.objects_seen} objects and {row.rows_seen} rows compared:"
        f" {row.orphans} objects without a row, {row.deleted} of them deleted,"
        f" {row.strangers} not of ours; {row.missing} rows without their object."
    )


def _of_practice(parser: ArgumentParser) -> None:
    parser.add_argument("practice", type=int, help="number of the practice")


def _practices(only: int | None) -> list[int]:
    if only is not None:
        return [_known(only)]
    return list(Practice.objects.order_by("pk").values_list("pk", flat=True))


def _known(practice_id: int) -> int:
    if not Practice.objects.filter(pk=practice_id).exists():
        raise CommandError(f"There is no practice {practice_id}.")
    return practice_id
