from uuid import UUID

from celery import shared_task

from dermalia.tenancy.tasks import PracticeTask
from exports.domain.expiry import end_expired_exports
from exports.domain.prepare import prepare_export
from practices.models import Practice


@shared_task(base=PracticeTask, name="exports.tasks.prepare")
def prepare(practice_id: int, export_id: str) -> None:
    prepare_export(practice_id=practice_id, export_id=UUID(export_id))


@shared_task(name="exports.tasks.end_expired")
def end_expired() -> None:
    for practice_id in Practice.objects.values_list("pk", flat=True):
        end_expired_exports(practice_id=practice_id)
