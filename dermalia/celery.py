"""The engine that works rows off; the rows themselves are in Postgres (see ``dermalia.work``)."""

import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dermalia.settings")

app = Celery("dermalia")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_a_role_that_bypasses_tenancy(**_: object) -> None:
    from dermalia.tenancy.boot import require_safe_role

    require_safe_role()
