"""``manage.py work_off QUEUE ...``: work due rows off without Redis, until told to stop."""

from django.core.management.base import BaseCommand, CommandParser

from dermalia.boot import require_safe_start
from dermalia.celery import app
from dermalia.timetable import EVERY_QUEUE
from dermalia.work.fallback import work_off


class Command(BaseCommand):
    help = "Works due rows of these queues off, without Redis, until a line is read."
    # What a worker checks when it starts is checked below.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queues", nargs="+", choices=EVERY_QUEUE, metavar="QUEUE")

    def handle(self, *args: object, queues: list[str], **options: object) -> None:
        require_safe_start()
        work_off(app, queues)
