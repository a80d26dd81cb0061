from uuid import UUID

from celery import shared_task

from dermalia.tenancy import practice_scope
from dermalia.tenancy.tasks import PracticeTask
from practices.models import Practice
from reports.domain.visits import forget_old_visits
from retention.domain.due import erase_due_reports
from retention.domain.erase import complete_erasure


@shared_task(base=PracticeTask, name="retention.tasks.erase")
def erase(practice_id: int, erasure_id: str) -> None:
    complete_erasure(practice_id=practice_id, erasure_id=UUID(erasure_id))


@shared_task(name="retention.tasks.erase_due")
def erase_due() -> None:
    for practice_id in Practice.objects.values_list("pk", flat=True):
        erase_due_reports(practice_id=practice_id)
        with practice_scope(practice_id):
            forget_old_visits()
