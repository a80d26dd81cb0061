"""The same act for several reports: what it would do to each, what it did, and taking it back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core import signing
from django.utils.translation import gettext_noop as _

from audit.chain import Who
from practices.models import Purpose
from reports.domain.attestation import (
    NOT_MEDICAL,
    Attestation,
    attest,
    end_treatment,
    locked,
    release_attested,
)
from reports.domain.creation import NotReleasable
from reports.domain.listing import SEEN_AT
from reports.models import Report
from scans.models import Scan

MOST = 100
UNDO_SECONDS = 600
_SALT = "reports.bulk"

GONE = _("It is not there any more.")
NOT_READY = _("Its report is not ready yet.")
RELEASED = _("It is released already: change it on its own page.")
RESTRICTED = _("It is restricted: nothing is done to it.")
CHANGED = _("It was changed since: nothing was taken back.")


class Act(StrEnum):
    """What can be done to several at once; erasing is another room's (see ``retention``)."""

    ATTEST = "attest"
    RELEASE = "release"
    TREATMENT = "treatment"  # the day it ended


@dataclass(frozen=True, slots=True)
class Treatment:
    """The day on which a report's treatment ended; None while it has not."""

    ended_on: date | None

    @classmethod
    def of(cls, report: Report) -> "Treatment":
        return cls(report.treatment_ended_on)

    def dump(self) -> dict[str, str | None]:
        """As JSON holds it; ``load`` reads it back."""
        return {"ended_on": self.ended_on.isoformat() if self.ended_on else None}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "Treatment":
        return cls(date.fromisoformat(data["ended_on"]) if data["ended_on"] else None)


Stated = Attestation | Treatment


@dataclass(frozen=True, slots=True)
class Row:
    """One chosen scan, with what stands in the way of the act, or did.

    Attributes:
        obstacle: a message id; empty where nothing stands in the way.
        before: what was replaced by what is stated now.
    """

    scan: Scan
    report: Report | None
    obstacle: str
    before: Stated | None = None


def chosen(ids: Iterable[UUID]) -> list[Scan]:
    """The scans of these ids that the practice has, newest first, a hundred at most."""
    rows = Scan.objects.select_related("report", "identity").filter(pk__in=list(ids)[:MOST])
    return list(rows.order_by(SEEN_AT.desc(), "-pk"))


def foresee(act: Act, scans: Iterable[Scan]) -> list[Row]:
    """What the act would do to each; nothing is changed."""
    return [_foreseen(act, scan) for scan in scans]


def attest_all(scans: Iterable[Scan], attestation: Attestation, *, who: Who) -> list[Row]:
    """Write the same attestation into each draft."""

    def one(report: Report) -> Attestation:
        before = Attestation.of(locked(report))
        attest(report=report, attestation=attestation, who=who)
        return before

    return [_done(Act.ATTEST, scan, one) for scan in scans]


def end_all(scans: Iterable[Scan], treatment: Treatment, *, who: Who) -> list[Row]:
    """Note the same last day of treatment in each medical report."""

    def one(report: Report) -> Treatment:
        before = Treatment.of(locked(report))
        end_treatment(report=report, on=treatment.ended_on, who=who)
        return before

    return [_done(Act.TREATMENT, scan, one) for scan in scans]


def release_all(scans: Iterable[Scan], *, who: Who) -> list[Row]:
    """Release each draft that is complete."""

    def one(report: Report) -> None:
        release_attested(report=report, who=who)

    return [_done(Act.RELEASE, scan, one) for scan in scans]


def undo_token(rows: Iterable[Row], after: Stated, *, who: Who) -> str:
    """What ``undo`` needs, signed for this person; empty where nothing was done."""
    changed = [
        [str(row.report.pk), row.before.dump()]
        for row in rows
        if row.report and row.before and not row.obstacle
    ]
    if not changed:
        return ""
    kind = Act.TREATMENT if isinstance(after, Treatment) else Act.ATTEST
    data = {"who": who.id, "act": kind, "after": after.dump(), "rows": changed}
    return signing.dumps(data, salt=_SALT)


def undo(token: str, *, who: Who) -> tuple[Act, list[Row]]:
    """Put back what was replaced, wherever nobody has changed it since, nor released a draft.

    Returns:
        What was taken back, and what came of each.

    Raises:
        signing.BadSignature: the token is not this person's, or older than ten minutes.
    """
    data: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=UNDO_SECONDS)
    if data["who"] != who.id:
        raise signing.BadSignature("somebody else's")
    act = Act(data["act"])
    load: Callable[[Any], Stated] = Treatment.load if act == Act.TREATMENT else Attestation.load
    after = load(data["after"])
    before = {UUID(pk): load(old) for pk, old in data["rows"]}
    reports = Report.objects.select_related("scan__identity").filter(pk__in=before)
    return act, [_undone(report, before[report.pk], after, who) for report in reports]


def _foreseen(act: Act, scan: Scan) -> Row:
    report: Report | None = getattr(scan, "report", None)
    if report is None:
        return Row(scan, None, NOT_READY)
    if report.restricted_at is not None:
        return Row(scan, report, RESTRICTED)
    if act == Act.TREATMENT:
        return Row(scan, report, "" if report.purpose == Purpose.MEDICAL else NOT_MEDICAL)
    if report.state != Report.State.DRAFT:
        return Row(scan, report, RELEASED)
    if act == Act.RELEASE:
        return Row(scan, report, Attestation.of(report).problem)
    return Row(scan, report, "")


def _done(act: Act, scan: Scan, one: Callable[[Report], Stated | None]) -> Row:
    row = _foreseen(act, scan)
    if row.obstacle or row.report is None:
        return row
    try:
        before = one(row.report)
    except NotReleasable as reason:
        return Row(scan, row.report, str(reason))
    except Report.DoesNotExist:
        return Row(scan, row.report, GONE)
    return Row(scan, row.report, "", before)


def _undone(report: Report, before: Stated, after: Stated, who: Who) -> Row:
    report = locked(report)
    if report.restricted_at is not None or not _stands(report, after):
        return Row(report.scan, report, CHANGED)
    if isinstance(before, Treatment):
        end_treatment(report=report, on=before.ended_on, who=who)
    else:
        attest(report=report, attestation=before, who=who)
    return Row(report.scan, report, "")


def _stands(report: Report, after: Stated) -> bool:
    """Whether what was stated is still all there is."""
    if isinstance(after, Treatment):
        return Treatment.of(report) == after
    return report.state == Report.State.DRAFT and Attestation.of(report) == after
