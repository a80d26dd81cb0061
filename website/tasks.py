from celery import shared_task

from website.domain.inquiries import deliver_waiting


@shared_task(name="website.tasks.deliver_inquiries")
def deliver_inquiries() -> None:
    deliver_waiting()
