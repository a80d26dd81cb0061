import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit.chain import OPERATOR, record
from audit.words import Action, Actor, Count
from dermalia.tenancy import practice_scope
from operators.domain.affected import Trail, count_reports, follow
from operators.domain.drafts import draft
from operators.domain.log import no_practice
from practices.models import Practice


class Command(BaseCommand):
    help = "Names the practices that an incident touches, from the log, with numbers of reports."

    def add_arguments(self, parser: CommandParser) -> None:
        said = "such as 2026-01-31T08:00"
        for name in ("--since", "--until"):
            parser.add_argument(name, required=True, type=datetime.fromisoformat, help=said)
        parser.add_argument("--action", action="append", default=[], choices=[*Action])
        parser.add_argument("--object", action="append", default=[], type=UUID)
        parser.add_argument("--practice", action="append", default=[], type=int)
        parser.add_argument("--actor", choices=[*Actor])
        parser.add_argument("--actor-id", type=int)
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true")
        form.add_argument(
            "--draft",
            choices=[code for code, _ in settings.LANGUAGES],
            help="also print the words of a notice, to be completed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ADMIN_HOST:
            raise CommandError("DERMALIA_ADMIN_URL is not set: its database role reads the log.")
        try:
            found = follow(_trail(options))
        except ValueError as error:
            raise CommandError(str(error)) from error
        with no_practice():
            record(Action.INCIDENT_TRACED, who=OPERATOR, counts={Count.ROWS: len(found)})
        names = Practice.objects.in_bulk([each.practice_id for each in found])
        rows = []
        for each in found:
            with practice_scope(each.practice_id):
                here, gone = count_reports(each.touched)
                counts = {Count.ROWS: each.entries, Count.OBJECTS: here}
                record(Action.INCIDENT_TRACED, who=OPERATOR, counts=counts)
            name = names[each.practice_id].name if each.practice_id in names else "(gone)"
            rows.append(
                {
                    "practice": each.practice_id,
                    "name": name,
                    "reports": here,
                    "erased": gone,
                    "entries": each.entries,
                    "first": each.first_at.isoformat(),
                    "last": each.last_at.isoformat(),
                }
            )
        self.stdout.write(json.dumps(rows, indent=2) if options["json"] else _table(rows))
        if options["draft"]:
            self.stdout.write("\n" + "\n\n".join(draft(options["draft"]).values()))


def _trail(options: dict[str, Any]) -> Trail:
    return Trail(
        since=_aware(options["since"]),
        until=_aware(options["until"]),
        actions=tuple(Action(word) for word in options["action"]),
        objects=tuple(options["object"]),
        actor=Actor(options["actor"]) if options["actor"] else None,
        actor_id=options["actor_id"],
        practices=tuple(options["practice"]),
    )


def _aware(moment: datetime) -> datetime:
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "The log tells of nobody."
    lines = [
        f"{row['practice']:>6}  {row['name'][:40]:<40}  {row['reports']:>6} reports,"
        f" {row['erased']} erased since, {row['entries']} entries"
        for row in rows
    ]
    return "\n".join([*lines, f"{len(rows)} practices, {sum(r['reports'] for r in rows)} reports."])
