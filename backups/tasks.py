"""What happens by itself: publishing the ledger, backups, rotation and pruning, drills."""

import subprocess
import sys

from celery import shared_task
from django.conf import settings

from backups.domain import drilling, erasure_drill, housekeeping, outbox, schedule


@shared_task(name="backups.tasks.publish_ledger")
def publish_ledger() -> None:
    outbox.publish()


@shared_task(name="backups.tasks.keep_house")
def keep_house() -> None:
    if schedule.can_back_up():
        outbox.find_missed()
        housekeeping.keep()


@shared_task(name="backups.tasks.make_due")
def make_due() -> None:
    if schedule.backup_is_due():
        _start("backup", "--if-due")


@shared_task(name="backups.tasks.drill_due")
def drill_due() -> None:
    # One at a time, as both fill the same database; the other's turn is the next round.
    if erasure_drill.is_due():
        _start("erasure_drill", "--if-due")
    elif drilling.is_due():
        _start("drill", "--if-due")


def _start(*command: str) -> None:
    """In a process of its own: it takes longer than a task may, and ends by itself."""
    subprocess.Popen(
        [sys.executable, "-m", "django", *command],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
