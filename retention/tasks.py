import logging
import time
from dataclasses import asdict
from uuid import UUID

from celery import shared_task
from kombu.exceptions import OperationalError

from dermalia.tenancy import practice_scope
from dermalia.tenancy.tasks import PracticeTask
from practices.models import Practice
from reports.domain.visits import forget_old_visits
from retention.domain.due import erase_due_reports
from retention.domain.erase import complete_erasure
from retention.domain.reconcile import reconcile
from retention.overview import remember
from retention.queries import overdue, sweep_is_under_way

logger = logging.getLogger(__name__)

# Well within a task's time; what is left is gone on with by the next one.
RECONCILE_SECONDS = 60.0
SWEEP_SECONDS = 10.0  # before others have their turn: practices, and what else is on the queue


@shared_task(base=PracticeTask, name="retention.tasks.erase")
def erase(practice_id: int, erasure_id: str) -> None:
    complete_erasure(practice_id=practice_id, erasure_id=UUID(erasure_id))


@shared_task(name="retention.tasks.erase_due")
def erase_due() -> None:
    """A batch of each practice at least; who has more goes on by tasks of its own."""
    until = time.monotonic() + SWEEP_SECONDS
    for practice_id in Practice.objects.values_list("pk", flat=True):
        if sweep_for_a_while(practice_id, seconds=max(until - time.monotonic(), 0)):
            go_on(practice_id)
        with practice_scope(practice_id):
            forget_old_visits()


@shared_task(base=PracticeTask, name="retention.tasks.sweep")
def sweep(practice_id: int) -> None:
    """What somebody has just confirmed, or what one task's time was too short for."""
    if sweep_for_a_while(practice_id):
        go_on(practice_id)


def sweep_for_a_while(practice_id: int, *, seconds: float = SWEEP_SECONDS) -> bool:
    """Whether more is due than there was time for."""
    went = erase_due_reports(practice_id=practice_id, seconds=seconds)
    with practice_scope(practice_id):
        # What nothing could be done about now is left to the next hour.
        return went > 0 and sweep_is_under_way()


def go_on(practice_id: int) -> None:
    """By another task: so long a practice's turn lasts, and then it is the others'. Where nobody
    takes the message the next hour's sweep goes on."""
    try:
        sweep.delay(practice_id)
    except OperationalError:
        logger.warning("the sweep of practice %s goes on later: no broker", practice_id)


@shared_task(name="retention.tasks.reconcile")
def compare() -> None:
    reconcile(seconds=RECONCILE_SECONDS)


@shared_task(name="retention.tasks.watch")
def watch() -> None:
    """Says aloud what was promised and is not done."""
    found = overdue()
    if found.anything:
        logger.error(
            "erasure is behind: %s", ", ".join(f"{k} {v:g}" for k, v in asdict(found).items() if v)
        )
    remember(found)
