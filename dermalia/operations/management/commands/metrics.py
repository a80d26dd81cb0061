from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dermalia.operations.discovery import discover
from dermalia.operations.metrics.server import BindRefused, exposition, server


class Command(BaseCommand):
    help = "Shows the numbers to Prometheus on a port of their own (docs/operations.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", default=settings.METRICS_BIND, help="host:port")
        parser.add_argument("--once", action="store_true", help="print them and end")

    def handle(self, *args: Any, **options: Any) -> None:
        discover()
        if options["once"]:
            self.stdout.write(exposition(settings.METRICS_DIR).decode(), ending="")
            return
        host, _, port = options["bind"].rpartition(":")
        if not host or not port.isdecimal():
            raise CommandError(f"{options['bind']!r} is not host:port.")
        try:
            listening = server(
                host.strip("[]"),
                int(port),
                folder=settings.METRICS_DIR,
                token=settings.METRICS_TOKEN,
            )
        except (BindRefused, OSError) as error:
            raise CommandError(f"The numbers cannot be shown: {error}") from error
        self.stdout.write(f"Numbers at http://{options['bind']}/metrics")
        with listening:
            listening.serve_forever()
