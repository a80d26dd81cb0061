"""A worker that is told to stop gives its tasks a while, then has them give their rows back."""

import os
import signal
import threading

from celery.signals import worker_shutting_down
from django.conf import settings


@worker_shutting_down.connect
def limit_the_wait(how: str = "", **_: object) -> None:
    """After ``WORK_GRACE_SECONDS`` of warm shutdown ask for a cold one.

    Celery would wait for its tasks without end, until whoever stops it loses patience and kills
    it: the rows would count as crashed and their leases would have to run out. The cold
    shutdown ends tasks by an exception, on which ``lease`` gives the row back.
    """
    if how != "Warm":
        return
    hurry = threading.Timer(settings.WORK_GRACE_SECONDS, os.kill, (os.getpid(), signal.SIGQUIT))
    hurry.daemon = True
    hurry.start()
