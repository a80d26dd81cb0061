"""Where a scan is on its way, in words for the practice."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

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
        return Status(scan.state, _label(Scan.State, scan.state), problem)
    if report.restricted_at:
        return Status("restricted", gettext("Restricted"), problem)
    if report.opened_at:
        return Status("opened", gettext("Opened"), problem)
    if any(delivery.sent_at for delivery in deliveries):
        return Status("sent", gettext("Sent"), problem)
    return Status(report.state, _label(Report.State, report.state), problem)


def _label(states: type[TextChoices], state: str) -> str:
    """As ``get_state_display``, which looks through the field's choices anew for each row."""
    return str(states(state).label)


def _errors(scan: Scan, deliveries: list[Delivery]) -> list[str]:
    return [scan.last_error, *(delivery.last_error for delivery in deliveries)]


# What happens to a scan, in its order; the last one lies ahead.
_STEPS = (
    _("Captured"),
    _("Copied and sealed"),
    _("Report ready"),
    _("Released"),
    _("Sent"),
    _("Opened"),
)
_AHEAD = _("Erased on")


def passed(
    scan: Scan, report: Report | None, deliveries: list[Delivery]
) -> tuple[datetime | None, ...]:
    """When each of the steps before erasure was taken; None for one that was not yet."""
    return (
        scan.captured_at,
        scan.stored_at,
        scan.ready_at,
        report.released_at if report else None,
        max((mail.sent_at for mail in deliveries if mail.sent_at), default=None),
        report.opened_at if report else None,
    )


def timeline(scan: Scan, report: Report | None, deliveries: list[Delivery]) -> list[Step]:
    """From capture to erasure, which is the one step that lies ahead."""
    times = passed(scan, report, deliveries)
    taken = [
        Step(gettext(label), at, at is not None) for label, at in zip(_STEPS, times, strict=True)
    ]
    return [*taken, Step(gettext(_AHEAD), report.due_on if report else None, False)]


def steps_taken(taken: tuple[bool, ...]) -> list[Step]:
    """The steps without their times, so that scans that are equally far share them."""
    steps = [Step(gettext(label), None, done) for label, done in zip(_STEPS, taken, strict=True)]
    return [*steps, Step(gettext(_AHEAD), None, False)]
