from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.chain import OPERATOR
from dermalia.tenancy import practice_scope
from practices.domain.factors import has_factor
from practices.domain.team import link_for
from practices.models import User


class Command(BaseCommand):
    help = "Prints a link with which one member of staff sets up their sign-in, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--reset",
            action="store_true",
            help="for somebody who has lost what they sign in with: using the link removes it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        users = User.objects.select_related("practice")
        user = users.filter(email__iexact=options["email"], is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {options['email']}.")
        with practice_scope(user.practice_id):
            if has_factor(user) and not options["reset"]:
                raise CommandError(
                    "They can sign in already. With --reset they begin anew: make sure who asks."
                )
            self.stdout.write(link_for(user, by=OPERATOR))
