from uuid import UUID

from celery import shared_task

from dermalia.tenancy.tasks import PracticeTask
from reports.domain.delivery import send_delivery
from reports.mail.resend import ResendProvider


@shared_task(base=PracticeTask, name="reports.tasks.deliver")
def deliver(practice_id: int, delivery_id: str) -> None:
    send_delivery(practice_id=practice_id, delivery_id=UUID(delivery_id), provider=ResendProvider())
