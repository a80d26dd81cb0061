"""Mails that somebody must look at, so that none fails quietly."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now
from django.utils.translation import gettext

from dermalia.tenancy.statements import Statement
from reports.domain.fates import not_arrived
from reports.mail.models import Delivery, Fate, StaffMail

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Trouble:
    """One mail that did not arrive.

    Attributes:
        scan_id: where staff deal with it; None for a mail to staff.
    """

    mail_id: UUID
    scan_id: UUID | None
    label: str
    reason: str
    since: datetime


def troubles() -> list[Trouble]:
    """The practice's mails that need attention, the oldest first, a hundred of each kind."""
    to_patients = Delivery.objects.filter(not_arrived(Now())).select_related("report")
    found = [
        _trouble(mail, mail.report.scan_id) for mail in to_patients.order_by("created_at")[:SHOWN]
    ]
    return sorted([*found, *staff_troubles()], key=lambda trouble: trouble.since)


def staff_troubles() -> list[Trouble]:
    """Those of them that were for somebody at the practice: no scan leads to them."""
    return [_trouble(mail, None) for mail in _TO_STAFF.rows()]


_TO_STAFF = Statement(
    lambda: (
        StaffMail.objects.filter(not_arrived(Now()))
        .only("state", "last_error", "created_at")
        .order_by("created_at")[:SHOWN]
    )
)


def _trouble(mail: Delivery | StaffMail, scan_id: UUID | None) -> Trouble:
    label = str(mail.get_state_display())
    reason = gettext(mail.last_error) if mail.last_error else _reason(mail)
    return Trouble(mail.pk, scan_id, label, reason, mail.created_at)


def _reason(mail: Delivery | StaffMail) -> str:
    if mail.state == Fate.SENT:
        return gettext("The mail service has said nothing of it for two days.")
    return gettext("It has been waiting for longer than usual.")
