import logging
from uuid import UUID

from celery import shared_task

from backups.domain.schedule import ClocksDisagree
from closing.domain.again import close_again
from closing.domain.contract import end_due
from closing.domain.everything import UnderWay, go_on
from closing.domain.reminders import remind
from dermalia.tenancy import practice_scope
from dermalia.tenancy.tasks import PracticeTask
from practices.models import Practice

logger = logging.getLogger(__name__)


@shared_task(base=PracticeTask, name="closing.tasks.erase")
def erase(practice_id: int, order_id: str) -> None:
    go_on(practice_id=practice_id, order_id=UUID(order_id))


@shared_task(name="closing.tasks.end_contracts")
def end_contracts() -> None:
    """Contracts whose day has come; one that cannot be ended now is looked at again in an hour."""
    for practice_id in Practice.objects.order_by("pk").values_list("pk", flat=True):
        if close_again(practice_id=practice_id):
            logger.error("practice %s came back from a backup and was closed again", practice_id)
        try:
            end_due(practice_id=practice_id)
        except ClocksDisagree as error:
            logger.error("No contract is ended: %s", error)
            return
        except UnderWay:
            continue  # its data set is being erased; the rest follows


@shared_task(name="closing.tasks.remind_practices")
def remind_practices() -> None:
    """Practices whose contract ends soon."""
    for practice in Practice.objects.order_by("pk"):
        with practice_scope(practice.pk):
            remind(practice)
