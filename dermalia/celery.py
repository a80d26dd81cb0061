"""The engine that works rows off; the rows themselves are in Postgres (see ``dermalia.work``)."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dermalia.settings")

# Messages are JSON and carry two ids; a worker that runs as root is a matter of deployment.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("dermalia")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_an_unsafe_start(**_: object) -> None:
    from dermalia.boot import require_safe_start

    require_safe_start()
