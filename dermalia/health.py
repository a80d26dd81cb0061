"""Whether this process lives, and whether it can serve; no word more than that.

Both are for machines on this side of the proxy. What is wrong stands in the log: an answer to
whoever asks could tell a stranger what to try.
"""

import logging
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import storages
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


class NotReady(Exception):
    """Something this process needs is not there."""


@never_cache
@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers at all; asks nobody else."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """200 if a patient could be served now, else 503."""
    for check in CHECKS:
        try:
            check()
        except (NotReady, DatabaseError, BotoCoreError, ClientError) as error:
            logger.error("not ready: %s: %s", check.__name__, type(error).__name__)
            return HttpResponse("not ready\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")


def database_is_migrated() -> None:
    """A newer database is fine: old code serves on while new code takes over."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReady


def storage_answers() -> None:
    """The bucket is there and ours."""
    storage = storages["objects"]
    storage.connection.meta.client.head_bucket(  # type: ignore[attr-defined]
        Bucket=storage.bucket_name  # type: ignore[attr-defined]
    )


CHECKS: tuple[Callable[[], None], ...] = (database_is_migrated, storage_answers)

urlpatterns = [
    path("health/live", live, name="live"),
    path("health/ready", ready, name="ready"),
]
app_name = "health"
