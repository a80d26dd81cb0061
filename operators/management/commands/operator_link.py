import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from operators.domain.links import issue_link, needs_colleague
from operators.hosts import URLCONF


class Command(BaseCommand):
    help = (
        "Prints a link with which an administrator makes their two passkeys, once, within minutes."
        " Whoever has passkeys already begins anew with it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="how colleagues know them; a new name is a new person")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ADMIN_HOST:
            raise CommandError("DERMALIA_ADMIN_URL is not set: there is no admin to enrol for.")
        if not sys.stdin.isatty():
            # Neither cron nor a request makes administrators: somebody is at the server.
            raise CommandError("Run this at a terminal of the server.")
        try:
            secret, link = issue_link(name=options["name"].strip())
        except PermissionError as refused:
            raise CommandError(f"{refused}: choose another name.") from refused
        self.stdout.write(settings.ADMIN_URL + reverse("enter", urlconf=URLCONF, args=[secret]))
        until = timezone.localtime(link.expires_at)
        self.stderr.write(f"Good once, until {until:%H:%M}.")
        if needs_colleague(link):
            self.stderr.write("It opens only after another administrator has confirmed it.")
