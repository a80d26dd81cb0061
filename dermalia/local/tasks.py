"""What happens by itself on a practice's own server."""

import subprocess
import sys

from celery import shared_task
from django.conf import settings


@shared_task(name="dermalia.local.tasks.copy")
def copy() -> None:
    """Start a round of copies, in a process of its own: it takes longer than a task may."""
    setup = settings.LOCAL_SETUP
    if setup is None or not (setup.copies or setup.key_copies):
        return
    subprocess.Popen(
        [sys.executable, "-m", "django", "copies"],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
