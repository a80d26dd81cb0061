"""How far a scan on its way is: stage and bytes in its row, for whoever watches."""

import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from dermalia.tenancy import practice_scope
from scans.models import Scan

WRITE_EVERY_SECONDS = 1.0
# Before that a rate says nothing.
ESTIMATE_AFTER_SECONDS = 2.0
RECENT = 20


@dataclass(slots=True)
class Progress:
    """Written by the worker that holds the row, at most once a second.

    Attributes:
        total: bytes of this stage.
    """

    scan: Scan
    stage: Scan.Stage
    total: int
    done: int = 0
    _written: float = field(default=0.0, init=False)

    def begin(self) -> "Progress":
        """Enter the stage."""
        self._write(stage=self.stage, stage_total=self.total, stage_since=Now())
        return self

    def advance(self, count: int) -> None:
        """``count`` more bytes are done."""
        self.done += count
        if time.monotonic() - self._written >= WRITE_EVERY_SECONDS:
            self._write()

    def counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, each counted once it was taken."""
        for piece in pieces:
            yield piece
            self.advance(len(piece))

    def _write(self, **more: object) -> None:
        self._written = time.monotonic()
        with practice_scope(self.scan.practice_id):
            held = Scan.objects.filter(pk=self.scan.pk, leased_by=self.scan.leased_by)
            held.update(stage_done=self.done, **more)


@dataclass(frozen=True, slots=True)
class Shown:
    """A running scan as a page shows it.

    Attributes:
        done, total: bytes; total is 0 where the stage is not measured in bytes.
        seconds_left: an estimate, or None while there is none.
    """

    label: str
    done: int
    total: int
    seconds_left: int | None


def in_progress(scans: Iterable[Scan]) -> dict[UUID, Shown]:
    """What to show of those scans that somebody works on, by id (in the practice's scope)."""
    now = timezone.now()
    running = [scan for scan in scans if _is_running(scan, now)]
    converting = any(scan.stage == Scan.Stage.CONVERTING for scan in running)
    usual = usual_conversion_seconds() if converting else None
    return {scan.pk: _shown(scan, now, usual) for scan in running}


def usual_conversion_seconds() -> float | None:
    """Median of the practice's latest conversions, or None before its first."""
    latest = Scan.objects.filter(conversion_seconds__isnull=False).order_by("-discovered_at")
    seconds = list(latest.values_list("conversion_seconds", flat=True)[:RECENT])
    return statistics.median(filter(None, seconds)) if seconds else None


def _is_running(scan: Scan, now: datetime) -> bool:
    held = scan.leased_until is not None and scan.leased_until > now
    return held and scan.stage_since is not None and bool(scan.stage)


def _shown(scan: Scan, now: datetime, usual_conversion: float | None) -> Shown:
    assert scan.stage_since is not None
    elapsed = (now - scan.stage_since).total_seconds()
    if scan.stage == Scan.Stage.CONVERTING:
        total, left = 0, None if usual_conversion is None else usual_conversion - elapsed
    else:
        total, left = scan.stage_total, _at_this_rate(scan, elapsed)
    return Shown(
        label=str(scan.get_stage_display()),
        done=min(scan.stage_done, total),
        total=total,
        seconds_left=None if left is None else max(1, round(left)),
    )


def _at_this_rate(scan: Scan, elapsed: float) -> float | None:
    if elapsed < ESTIMATE_AFTER_SECONDS or not scan.stage_done:
        return None
    return elapsed * (scan.stage_total - scan.stage_done) / scan.stage_done
