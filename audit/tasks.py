from celery import shared_task

from audit.checkpointing import make_checkpoint


@shared_task(name="audit.tasks.checkpoint")
def checkpoint() -> None:
    make_checkpoint()
