"""A sweep that would erase an unusual share at once stops and asks.

What is due stays hidden meanwhile: only the erasing waits. A wrong clock or a slip in an
instruction must not be able to empty a practice before somebody has looked.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from audit.chain import SYSTEM, Who, record
from audit.words import Action, Count
from dermalia.tenancy import current_practice
from reports.models import Report
from retention.domain.due_rows import due_reports, due_scans
from retention.models import DueSweep, Erasure

FEW = 20  # so many may always go
SHARE = 0.2  # of the practice's reports, within a day
# Sweeps are made every hour. After a longer silence somebody says whether the date is right.
SILENCE = timedelta(days=7)
BACKWARDS = timedelta(hours=1)
APART = timedelta(hours=12)  # the database's clock and this machine's
CONFIRMED_FOR = timedelta(days=1)


def sweep_of_practice() -> DueSweep:
    """The practice's row, made when first asked for, held until the transaction ends."""
    DueSweep.objects.get_or_create(practice_id=current_practice())
    return DueSweep.objects.select_for_update().get()


def may_sweep(sweep: DueSweep) -> bool:
    """Whether what is due may be erased now; if not, the row says why and the log knows.

    Args:
        sweep: as ``sweep_of_practice`` gives it.
    """
    due = due_number()
    hold = _objection(sweep, due)
    if hold is None:
        _let_go(sweep)
        return True
    if sweep.hold != hold or sweep.held_number != due:
        _hold(sweep, hold, due)
    return False


def confirm_sweep(*, number: int, who: Who) -> bool:
    """Let the erasing go on that was held, for as many as there were when somebody looked.

    Args:
        number: as that person was shown it.

    Returns:
        False if more is due by now, or nothing was held: look again.
    """
    sweep = sweep_of_practice()
    due = due_number()
    if not sweep.hold or due > number:
        return False
    DueSweep.objects.filter(pk=sweep.pk).update(
        hold="",
        held_at=None,
        held_number=0,
        confirmed_number=number,
        confirmed_until=Now() + CONFIRMED_FOR,
        ended_at=Now(),
    )
    record(Action.SWEEP_CONFIRMED, who=who, counts={Count.ROWS: due})
    return True


def due_number() -> int:
    """How many scans and reports would go now."""
    return due_reports().count() + due_scans().count()


def _objection(sweep: DueSweep, due: int) -> DueSweep.Hold | None:
    if due == 0:
        return None
    row: Any = (
        DueSweep.objects.filter(pk=sweep.pk)
        .annotate(now=Now(), silence=Now() - F("ended_at"))
        .values("now", "silence", "confirmed_until")
        .get()
    )
    if _confirmed(sweep, row["now"], due):
        return None
    silence: timedelta = row["silence"] or timedelta(0)
    if silence > SILENCE or silence < -BACKWARDS or abs(row["now"] - timezone.now()) > APART:
        return DueSweep.Hold.CLOCK
    return DueSweep.Hold.SHARE if _unusual(due) else None


def _confirmed(sweep: DueSweep, now: datetime, due: int) -> bool:
    until = sweep.confirmed_until
    return until is not None and now < until and due <= sweep.confirmed_number


def _unusual(due: int) -> bool:
    """Counts what went within the last day too: many small sweeps are one large one."""
    lately = Erasure.objects.filter(
        reason=Erasure.Reason.DUE, requested_at__gt=Now() - timedelta(days=1)
    ).count()
    going = due + lately
    return going > FEW and going > SHARE * (Report.objects.count() + lately)


def _hold(sweep: DueSweep, hold: DueSweep.Hold, due: int) -> None:
    DueSweep.objects.filter(pk=sweep.pk).update(
        hold=hold, held_at=sweep.held_at or Now(), held_number=due
    )
    if not sweep.hold:
        record(Action.SWEEP_HELD, who=SYSTEM, counts={Count.ROWS: due})


def _let_go(sweep: DueSweep) -> None:
    if sweep.hold:
        DueSweep.objects.filter(pk=sweep.pk).update(hold="", held_at=None, held_number=0)
