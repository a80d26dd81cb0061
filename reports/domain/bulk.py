"""The same act for several reports: what it would do to each, what it did, and taking it back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core import signing
from django.utils.translation import gettext_noop as _

from audit.chain import Who
from reports.domain.attestation import Attestation, attest, locked, release_attested
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


@dataclass(frozen=True, slots=True)
class Row:
    """One chosen scan, with what stands in the way of the act, or did.

    Attributes:
        obstacle: a message id; empty where nothing stands in the way.
        before: what an attestation replaced.
    """

    scan: Scan
    report: Report | None
    obstacle: str
    before: Attestation | None = None


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


def release_all(scans: Iterable[Scan], *, who: Who) -> list[Row]:
    """Release each draft that is complete."""

    def one(report: Report) -> None:
        release_attested(report=report, who=who)

    return [_done(Act.RELEASE, scan, one) for scan in scans]


def undo_token(rows: Iterable[Row], after: Attestation, *, who: Who) -> str:
    """What ``undo`` needs, signed for this person; empty where nothing was done."""
    changed = [
        [str(row.report.pk), row.before.dump()]
        for row in rows
        if row.report and row.before and not row.obstacle
    ]
    if not changed:
        return ""
    return signing.dumps({"who": who.id, "after": after.dump(), "rows": changed}, salt=_SALT)


def undo(token: str, *, who: Who) -> list[Row]:
    """Put back what attestations replaced, wherever nobody has changed or released it since.

    Raises:
        signing.BadSignature: the token is not this person's, or older than ten minutes.
    """
    data: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=UNDO_SECONDS)
    if data["who"] != who.id:
        raise signing.BadSignature("somebody else's")
    after = Attestation.load(data["after"])
    before = {UUID(pk): Attestation.load(old) for pk, old in data["rows"]}
    reports = Report.objects.select_related("scan__identity").filter(pk__in=before)
    return [_undone(report, before[report.pk], after, who) for report in reports]


def _foreseen(act: Act, scan: Scan) -> Row:
    report: Report | None = getattr(scan, "report", None)
    if report is None:
        return Row(scan, None, NOT_READY)
    if report.restricted_at is not None:
        return Row(scan, report, RESTRICTED)
    if report.state != Report.State.DRAFT:
        return Row(scan, report, RELEASED)
    if act == Act.RELEASE:
        return Row(scan, report, Attestation.of(report).problem)
    return Row(scan, report, "")


def _done(act: Act, scan: Scan, one: Callable[[Report], Attestation | None]) -> Row:
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


def _undone(report: Report, before: Attestation, after: Attestation, who: Who) -> Row:
    report = locked(report)
    if report.state != Report.State.DRAFT or Attestation.of(report) != after:
        return Row(report.scan, report, CHANGED)
    attest(report=report, attestation=before, who=who)
    return Row(report.scan, report, "")
