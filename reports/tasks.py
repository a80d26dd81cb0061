from uuid import UUID

from celery import shared_task

from reports.domain.delivery import send_delivery
from reports.mail.resend import ResendProvider


@shared_task(name="reports.tasks.deliver", queue="mail")
def deliver(practice_id: int, delivery_id: str) -> None:
    send_delivery(practice_id=practice_id, delivery_id=UUID(delivery_id), provider=ResendProvider())
