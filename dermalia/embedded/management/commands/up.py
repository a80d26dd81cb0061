import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dermalia.embedded import EmbeddedError
from dermalia.embedded.running import start_services, supervisor


class Command(BaseCommand):
    help = "Runs everything on this machine: Postgres, Redis, S3, web, workers, beat."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("manage.py up runs the embedded services: DERMALIA_MODE=embedded.")
        host, port = options["host"], options["port"]
        url = os.environ.get("DERMALIA_PUBLIC_URL", f"http://localhost:{port}")
        try:
            services = start_services(settings.DATA_DIR)
            try:
                everything = supervisor(
                    services,
                    host=host,
                    port=port,
                    env={"DERMALIA_PUBLIC_URL": url},
                    on_ready=lambda: self.stdout.write(f"Dermalia runs: open {url}/"),
                )
            except EmbeddedError:
                services.stop()
                raise
            code = everything.run()
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        if code:
            raise CommandError("Dermalia has stopped.")
