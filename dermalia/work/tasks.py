from celery import shared_task

from dermalia.work import nudge


@shared_task(name="dermalia.work.tasks.sweep", queue="erase")
def sweep() -> None:
    nudge.sweep()
