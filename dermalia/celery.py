"""The engine that works rows off; the rows themselves are in Postgres (see ``dermalia.work``)."""

import os
import sys
import warnings

from celery.exceptions import SecurityWarning
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured

from dermalia.work.engine import Engine

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dermalia.settings")

# Messages are JSON and carry two ids; a worker that runs as root is a matter of deployment.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Engine("dermalia")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("dermalia.work.sweeper:SweeperStep")


@worker_init.connect
def refuse_an_unsafe_start(**_: object) -> None:
    """Celery only logs what a signal's receiver raises, unless it is an exit."""
    from dermalia.boot import require_safe_start, write_down_refusals
    from dermalia.operations.logs.everywhere import take_over
    from dermalia.work.checks import require_sound_settings

    take_over()
    try:
        require_sound_settings(app)
        require_safe_start()
    except ImproperlyConfigured as error:
        sys.exit(f"This worker does not start: {error}")
    write_down_refusals()


@beat_init.connect
def refuse_beat_in_a_wrong_place(**_: object) -> None:
    """Beat works nothing off, but it connects to the queue."""
    from dermalia.boot import write_down_refusals
    from dermalia.residency.checks import require_sound_places

    try:
        require_sound_places()
    except ImproperlyConfigured as error:
        sys.exit(f"Beat does not start: {error}")
    write_down_refusals()
