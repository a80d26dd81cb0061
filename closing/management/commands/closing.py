import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from audit.chain import OPERATOR
from backups.domain.schedule import Busy
from backups.recipients import KeysMissing
from closing.domain import shutdown
from closing.domain.contract import end_due, give_notice
from closing.domain.current import contract_end
from closing.domain.handover import ScansSince, WrongCode, confirm_delivery
from dermalia.tenancy import practice_scope
from practices.models import Practice

NOT_HANDED_OVER = "Have not confirmed that they have their data"


class Command(BaseCommand):
    help = "Ends contracts, and the service: hand over, confirm, erase, certify."

    def add_arguments(self, parser: ArgumentParser) -> None:
        steps = parser.add_subparsers(dest="step", required=True)
        steps.add_parser("status", help="where each practice is on its way out")
        notice = steps.add_parser("notice", help="a contract ends in thirty days")
        notice.add_argument("practice", type=int)
        steps.add_parser("sweep", help="end the contracts whose day has come")
        confirm = steps.add_parser("confirm", help="a practice has told the code in its export")
        confirm.add_argument("practice", type=int)
        confirm.add_argument("code")
        hand_over = steps.add_parser("hand-over", help="the service ends: export every practice")
        hand_over.add_argument("--to", type=Path, required=True, metavar="FOLDER")
        erase = steps.add_parser("erase", help="the service ends: erase everything")
        erase.add_argument("--certificate", type=Path, required=True, metavar="FILE")
        erase.add_argument("--confirm", default="", metavar="SENTENCE")

    def handle(self, *args: Any, **options: Any) -> None:
        step = {
            "status": self._status,
            "notice": self._notice,
            "sweep": self._sweep,
            "confirm": self._confirm,
            "hand-over": self._hand_over,
            "erase": self._erase,
        }[options["step"]]
        step(options)

    def _status(self, options: dict[str, Any]) -> None:
        for standing in shutdown.standings():
            self.stdout.write(f"{standing.practice_id} {standing.name}: {_in_words(standing)}")

    def _notice(self, options: dict[str, Any]) -> None:
        practice_id = self._practice(options)
        with practice_scope(practice_id):
            end = give_notice(practice_id=practice_id, who=OPERATOR)
        self.stdout.write(f"The contract of practice {practice_id} ends on {end.ends_on}.")

    def _sweep(self, options: dict[str, Any]) -> None:
        for practice_id in Practice.objects.order_by("pk").values_list("pk", flat=True):
            if end_due(practice_id=practice_id) is not None:
                self.stdout.write(f"Practice {practice_id} is being erased.")

    def _confirm(self, options: dict[str, Any]) -> None:
        with practice_scope(self._practice(options)):
            end = contract_end()
            if end is None:
                raise CommandError("Nobody has given notice to this practice.")
            try:
                confirm_delivery(end, options["code"], who=OPERATOR)
            except WrongCode as error:
                raise CommandError("This is not the code of its newest export.") from error
            except ScansSince as error:
                raise CommandError(f"{error}: hand over once more.") from error
        self.stdout.write("Confirmed.")

    def _hand_over(self, options: dict[str, Any]) -> None:
        """An export that lacks a file is handed over with its gaps named; the others go on."""
        folder: Path = options["to"]
        folder.mkdir(mode=0o700, exist_ok=True)
        shutdown.begin()
        troubled = []
        for standing in shutdown.standings():
            file = folder / f"practice-{standing.practice_id}.zip"
            if standing.closed or standing.may_go or file.exists():
                continue
            try:
                call_command("export", practice=standing.practice_id, to=file, stdout=self.stdout)
            except CommandError as error:
                self.stderr.write(str(error))
                troubled.append(str(standing.practice_id))
        if troubled:
            self.stderr.write(f"Look at the exports of: {', '.join(troubled)}.")

    def _erase(self, options: dict[str, Any]) -> None:
        try:
            shutdown.require_handed_over()
        except shutdown.NotHandedOver as error:
            raise CommandError(f"{NOT_HANDED_OVER}: {error}. Nothing was erased.") from error
        wanted = shutdown.sentence()
        if options["confirm"] != wanted:
            raise CommandError(
                f"Nothing was erased. To do it, stop all workers and add: --confirm '{wanted}'"
            )
        self._write_certificate(options["certificate"])

    def _write_certificate(self, path: Path) -> None:
        if path.exists():
            raise CommandError(f"{path} is there already. Nothing was erased.")
        try:
            shutdown.erase_all()
            content = shutdown.certificate()
        except (shutdown.Stuck, KeysMissing, Busy) as error:
            raise CommandError(f"{error} Run it again: what is done stays done.") from error
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        self.stdout.write(f"Everything is erased. The certificate: {path}")

    def _practice(self, options: dict[str, Any]) -> int:
        practice_id: int = options["practice"]
        if not Practice.objects.filter(pk=practice_id).exists():
            raise CommandError(f"There is no practice {practice_id}.")
        return practice_id


def _in_words(standing: shutdown.Standing) -> str:
    if standing.closed:
        return "closed"
    if standing.end is None:
        return "goes on"
    delivered = "delivered" if standing.end.delivered_at else "not delivered"
    return f"ends on {standing.end.ends_on}, {standing.end.choice or 'no choice'}, {delivered}"
