from uuid import UUID

from celery import shared_task
from django.utils import timezone

from dermalia.tenancy import practice_scope
from dermalia.tenancy.tasks import PracticeTask
from practices.models import Practice
from reports.domain.delivery import send_delivery
from reports.domain.digest import is_time, tell_what_waits
from reports.domain.staff_mail import forget_receipts, forget_staff_mails, send_staff_mail


@shared_task(base=PracticeTask, name="reports.tasks.deliver")
def deliver(practice_id: int, delivery_id: str) -> None:
    send_delivery(practice_id=practice_id, delivery_id=UUID(delivery_id))


@shared_task(base=PracticeTask, name="reports.tasks.deliver_staff_mail")
def deliver_staff_mail(practice_id: int, mail_id: str) -> None:
    send_staff_mail(practice_id=practice_id, mail_id=UUID(mail_id))


@shared_task(name="reports.tasks.forget_mails")
def forget_mails() -> None:
    forget_receipts()
    for practice_id in Practice.objects.values_list("pk", flat=True):
        with practice_scope(practice_id):
            forget_staff_mails()


@shared_task(name="reports.tasks.tell_practices")
def tell_practices() -> None:
    if not is_time(timezone.now()):
        return
    for practice in Practice.objects.order_by("pk"):
        with practice_scope(practice.pk):
            tell_what_waits(practice)
