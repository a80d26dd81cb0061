"""Where a scan is on its way, in words for the practice."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.utils.translation import gettext

from reports.models import Delivery, Report
from scans.models import Scan


@dataclass(frozen=True, slots=True)
class Status:
    """The last thing that happened, and what stands in the way of the next."""

    slug: str
    label: str
    problem: str


class Step(NamedTuple):
    """One of the things that happen to a scan, in their order."""

    label: str
    at: datetime | date | None
    done: bool


def status_of(scan: Scan, report: Report | None, deliveries: list[Delivery]) -> Status:
    """The state shown for a scan."""
    problem = next((gettext(error) for error in _errors(scan, deliveries) if error), "")
    if report is None:
        return Status(scan.state, str(scan.get_state_display()), problem)
    if report.restricted_at:
        return Status("restricted", gettext("Restricted"), problem)
    if report.opened_at:
        return Status("opened", gettext("Opened"), problem)
    if any(delivery.sent_at for delivery in deliveries):
        return Status("sent", gettext("Sent"), problem)
    return Status(report.state, str(report.get_state_display()), problem)


def _errors(scan: Scan, deliveries: list[Delivery]) -> list[str]:
    return [scan.last_error, *(delivery.last_error for delivery in deliveries)]


def timeline(scan: Scan, report: Report | None, deliveries: list[Delivery]) -> list[Step]:
    """From capture to erasure, which is the one step that lies ahead."""
    released = report.released_at if report else None
    sent = max((d.sent_at for d in deliveries if d.sent_at), default=None)
    opened = report.opened_at if report else None
    steps: list[tuple[str, datetime | date | None]] = [
        (gettext("Captured"), scan.captured_at),
        (gettext("Copied and sealed"), scan.stored_at),
        (gettext("Report ready"), scan.ready_at),
        (gettext("Released"), released),
        (gettext("Sent"), sent),
        (gettext("Opened"), opened),
    ]
    passed = [Step(label, at, at is not None) for label, at in steps]
    return [*passed, Step(gettext("Erased on"), report.due_on if report else None, False)]
