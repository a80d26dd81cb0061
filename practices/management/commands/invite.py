from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.chain import OPERATOR
from dermalia.mail import AddressRefused
from dermalia.tenancy import practice_scope
from practices.domain.team import EmailTaken, invite
from practices.models import Practice, User


class Command(BaseCommand):
    help = "Mails somebody an invitation to a practice; its first owner comes in this way."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("practice", type=int, help="the practice's number")
        parser.add_argument("email")
        parser.add_argument("--role", choices=User.Role.values, default=User.Role.OWNER)

    def handle(self, *args: Any, **options: Any) -> None:
        practice = Practice.objects.filter(pk=options["practice"]).first()
        if practice is None:
            raise CommandError(f"There is no practice {options['practice']}.")
        try:
            with practice_scope(practice.pk):
                invite(practice=practice, email=options["email"], role=options["role"], by=OPERATOR)
        except AddressRefused as refused:
            raise CommandError(str(refused)) from refused
        except EmailTaken as taken:
            raise CommandError("Somebody signs in with this address already.") from taken
        self.stdout.write("The invitation is on its way.")
