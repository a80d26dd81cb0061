"""Follow-ups: which reports a practice linked with each other, and which of them may be compared.

Linking is a decision of the practice: it tells that these reports are of one person, and from then
on the holder of one report's link sees the others' pictures too.
"""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID, uuid4

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now, TruncDate

from audit.chain import Who, record
from audit.words import Action
from reports.domain.due import BERLIN
from reports.models import Link, Report
from scans.models import Scan


class NotLinkable(Exception):
    """These reports cannot be follow-ups of each other."""

    class Reason(StrEnum):
        TOO_FEW = "too_few"
        UNKNOWN = "unknown"
        TWO_SERIES = "two_series"

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Difference(StrEnum):
    """Why two captures' values cannot be set beside each other."""

    UNKNOWN = "unknown"
    DEVICE = "device"
    ALGORITHM = "algorithm"


def link(*, report_ids: Sequence[UUID], who: Who) -> UUID:
    """Make reports of the practice in scope follow-ups of each other, drafts among them, too.

    A series that one of them belongs to grows. Two series never become one: each was said to be
    of one person, and nobody has said that it is the same one.

    Returns:
        The series, as in ``Report.series``.

    Raises:
        NotLinkable: fewer than two reports, one this practice does not have, or two series.
    """
    wanted = set(report_ids)
    if len(wanted) < 2:
        raise NotLinkable(NotLinkable.Reason.TOO_FEW)
    # In one order, so that two colleagues at once wait for each other instead of deadlocking.
    reports = list(Report.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    if len(reports) < len(wanted):
        raise NotLinkable(NotLinkable.Reason.UNKNOWN)
    series = _living({report.series for report in reports if report.series})
    if len(series) > 1:
        raise NotLinkable(NotLinkable.Reason.TWO_SERIES)
    chosen = series.pop() if series else uuid4()
    added = [report.pk for report in reports if report.series != chosen]
    # Members that were there before are written too: a page of theirs made a moment ago, without
    # the way to the new one, is not shown again.
    Report.objects.filter(Q(pk__in=added) | Q(series=chosen)).update(series=chosen)
    for report_id in added:
        record(Action.SERIES_LINKED, who=who, object_id=report_id)
    return chosen


def unlink(*, report_id: UUID, who: Who) -> bool:
    """Take a report of the practice in scope out of its series; the others stay what they are.

    Returns:
        False if it was in none.
    """
    report = Report.objects.select_for_update().filter(pk=report_id).exclude(series=None).first()
    if report is None:
        return False
    Report.objects.filter(series=report.series).exclude(pk=report.pk).update(series=F("series"))
    Report.objects.filter(pk=report.pk).update(series=None)
    record(Action.SERIES_UNLINKED, who=who, object_id=report.pk)
    return True


def shown_to_patient(report: Report) -> list[Report]:
    """The series of a report as the holder of its link may see it now, oldest capture first.

    Left out are reports that are not released, restricted or due, those whose own link was
    withdrawn, and, where this one has no code, those that have one: it keeps what it guards.
    """
    members = _members(report).filter(state=Report.State.RELEASED).filter(_has_link())
    if report.code_digest is None:
        members = members.filter(code_digest=None)
    return list(members)


def shown_to_staff(report: Report) -> list[Report]:
    """The series of a report as its practice may see it now, drafts among them; oldest first."""
    return list(_members(report))


def has_followups(report: Report) -> bool:
    """Whether the holder of its link may compare the report with another, by the database's clock.

    One query for a report in a series, none for any other.
    """
    scan = report.scan
    return any(
        other.pk != report.pk and difference(scan, other.scan) is None
        for other in (shown_to_patient(report) if report.series else ())
    )


def difference(one: Scan, other: Scan) -> Difference | None:
    """Why the values of two scans cannot be compared; None if they can.

    A scale is one device's under one version of its algorithm (R23): what is not known to be the
    same is taken for different.
    """
    if not all(
        (scan.device_model and scan.device_serial and scan.algorithm_version)
        for scan in (one, other)
    ):
        return Difference.UNKNOWN
    if (one.device_model, one.device_serial) != (other.device_model, other.device_serial):
        return Difference.DEVICE
    if one.algorithm_version != other.algorithm_version:
        return Difference.ALGORITHM
    return None


def _living(series: set[UUID]) -> set[UUID]:
    """Those with more than one report: erasing the others ends a series."""
    counted = Report.objects.filter(series__in=series).values("series").annotate(size=Count("pk"))
    living = counted.filter(size__gt=1).values_list("series", flat=True)
    return {each for each in living if each is not None}


def _members(report: Report) -> QuerySet[Report]:
    """What of the series may be shown at all: ready, not restricted, not due."""
    series = Q(series=report.series) if report.series else Q(pk=report.pk)
    return (
        Report.objects.select_related("scan", "practice")
        .filter(series, restricted_at=None, scan__state=Scan.State.READY)
        .filter(Q(due_on=None) | Q(due_on__gt=TruncDate(Now(), tzinfo=BERLIN)))
        .exclude(scan__captured_at=None)
        .order_by("scan__captured_at", "pk")
    )


def _has_link() -> Exists:
    return Exists(Link.objects.filter(report_id=OuterRef("pk"), gone_at=None))
