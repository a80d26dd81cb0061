"""The mail with a report's link: what is in it, and when there is none to send."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from audit.access import record_access
from audit.chain import SYSTEM
from audit.words import Action
from dermalia.mail import AddressRefused, clean_address
from dermalia.sealing.keys import UnlockedKey, unlock
from dermalia.work.lease import WorkFailed
from reports.domain.due import BERLIN
from reports.domain.links import digest, is_live
from reports.domain.outbox import CannotBeSent, work_off
from reports.mail.message import Message, link_message
from reports.mail.models import Carrier
from reports.mail.provider import Provider
from reports.mail.routes import sender
from reports.models import Delivery, Report
from scans.queries import person


def send_delivery(*, practice_id: int, delivery_id: UUID, provider: Provider | None = None) -> None:
    """Do what is next for a delivery; see ``reports.domain.outbox``."""
    work_off(LinkDesk(), delivery_id, practice_id=practice_id, provider=provider)


class LinkDesk:
    """Mails to patients: sealed under the report's key, each opening on record."""

    model = Delivery
    kind = "link"

    def carrier(self) -> Carrier | None:
        return None

    def compose(self, mail: Delivery) -> tuple[Message, UnlockedKey]:
        report = Report.objects.select_related("scan", "practice").get(pk=mail.report_id)
        _require_shown(report, timezone.now())
        access = record_access(Action.MAIL_PREPARED, who=SYSTEM, object_id=report.pk)
        key = unlock(report.scan.key_id, access=access)
        link = report.link.open(key) if report.link is not None else ""
        if not is_live(link):
            raise CannotBeSent(_("The link of this report is off."))
        if mail.message is None or mail.first_attempt_at is None:  # nobody has an earlier one
            Delivery.objects.filter(pk=mail.pk).update(link_digest=digest(link))
            return _fresh(report, link, key), key
        if bytes(mail.link_digest or b"") != digest(link):
            raise CannotBeSent(_("The link in this mail was replaced by a newer one."))
        return Message.load(mail.message.open(key)), key


def _require_shown(report: Report, now: datetime) -> None:
    if report.restricted_at is not None:
        # For a person to lift; then the mail goes out.
        raise WorkFailed(_("The report is restricted: its link is not sent."), retry=False)
    if report.due_on is None or report.due_on <= now.astimezone(BERLIN).date():
        raise CannotBeSent(_("The report is due for erasure: its link is not sent."))


def _fresh(report: Report, link: str, key: UnlockedKey) -> Message:
    patient = person(scan=report.scan, key=key)
    if not patient.email or report.due_on is None:
        raise CannotBeSent(_("There is no address to send the link to."))
    try:
        recipient = clean_address(patient.email)
    except AddressRefused as reason:
        raise CannotBeSent(str(reason)) from reason
    return link_message(
        practice=report.practice,
        sender=sender(report.practice),
        recipient=recipient,
        first_name=patient.first_name,
        link=link,
        valid_until=report.due_on,
        needs_code=report.code_digest is not None,
        language=report.language,
    )
