from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from practices.domain.sign_in import issue_link
from practices.models import User


class Command(BaseCommand):
    help = "Prints a link that signs one member of staff in once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"], is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {options['email']}.")
        path = reverse("practices:enter", args=[issue_link(user=user)])
        self.stdout.write(f"{settings.PUBLIC_URL}{path}")
