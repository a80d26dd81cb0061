from celery import shared_task

from practices.domain.forget import forget_everything_expired


@shared_task(name="practices.tasks.forget_expired")
def forget_expired() -> None:
    forget_everything_expired()
