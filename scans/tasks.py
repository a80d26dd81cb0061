import logging
from typing import Protocol
from uuid import UUID

from celery import shared_task
from celery.signals import worker_init, worker_process_init
from django.conf import settings

from dermalia.tenancy import practice_scope
from dermalia.tenancy.tasks import PracticeTask
from practices.models import Practice
from scans import conversion
from scans.domain.convert import convert_scan
from scans.domain.detail import make_detail
from scans.domain.discover import discover_scans
from scans.domain.pull import pull_scan
from scans.models import Connection

logger = logging.getLogger(__name__)


class Worker(Protocol):
    """What Celery tells of a worker: the processes of its pool."""

    concurrency: int


@worker_init.connect
def prepare_conversion(sender: Worker, **_: object) -> None:
    """Before the pool is forked, whose processes share out what there is of the machine."""
    share = settings.CONVERSION_PROCESSORS or conversion.share_among(sender.concurrency)
    conversion.keep_to(share)
    conversion.prepare()


@worker_process_init.connect
def convert_again_and_again(**_: object) -> None:
    conversion.keep_spare()


@shared_task(name="scans.tasks.discover_all")
def discover_all() -> None:
    for practice_id in Practice.objects.values_list("pk", flat=True):
        with practice_scope(practice_id):
            connections = list(Connection.objects.values_list("pk", flat=True))
        for connection_id in connections:
            try:
                discover_scans(practice_id=practice_id, connection_id=connection_id)
            except Exception:
                # One practice's trouble must not keep the others' scans from being found.
                logger.exception("Connection %s of practice %s", connection_id, practice_id)


@shared_task(base=PracticeTask, name="scans.tasks.pull")
def pull(practice_id: int, scan_id: str) -> None:
    pull_scan(practice_id=practice_id, scan_id=UUID(scan_id))


@shared_task(base=PracticeTask, name="scans.tasks.convert")
def convert(practice_id: int, scan_id: str) -> None:
    convert_scan(practice_id=practice_id, scan_id=UUID(scan_id))


@shared_task(base=PracticeTask, name="scans.tasks.convert_detail")
def convert_detail(practice_id: int, detail_id: str) -> None:
    make_detail(practice_id=practice_id, detail_id=UUID(detail_id))
