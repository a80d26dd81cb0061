"""The application's settings, with views and a task that fail (see ``troubled_urls``)."""

from dermalia.settings import *  # noqa: F403

ROOT_URLCONF = "tests.operations.troubled_urls"
CELERY_TASK_ROUTES = {**CELERY_TASK_ROUTES, "tests.troubled": {"queue": "mail"}}  # noqa: F405
