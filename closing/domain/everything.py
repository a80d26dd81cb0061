"""Erasing everything of a practice: each scan with its ledger entry and its receipt.

They go in batches, by the statements of the retention sweep. Each step commits by itself and can
be begun again: a crash at any point is gone on from.
"""

import logging
import time
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from audit.chain import Who, record
from audit.words import Action, Actor, Count
from closing.domain.practice_rows import close_practice
from closing.models import Everything
from dermalia.tenancy import practice_scope
from dermalia.work.lease import finish, hold, lease
from dermalia.work.nudge import nudge
from practices.models import Practice
from reports.models import Report
from retention.domain.batches import Errand, complete_batches, request_batch
from retention.domain.erase import complete_erasure, complete_erasures
from retention.models import Erasure
from scans.models import Scan

logger = logging.getLogger(__name__)

# A slice ends with the batch at hand, and the next one goes on behind whatever else waits on the
# queue by then: an erasure that somebody asked for meanwhile has its turn first.
SLICE_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 5
REASONS = {
    Everything.Kind.DATASET: Erasure.Reason.STAFF,
    Everything.Kind.CONTRACT: Erasure.Reason.CONTRACT,
    Everything.Kind.SERVICE: Erasure.Reason.CLOSURE,
}


class UnderWay(Exception):
    """Everything is being erased already."""


def order_everything(
    *,
    practice_id: int,
    kind: Everything.Kind,
    who: Who,
    certificate_id: UUID | None = None,
) -> Everything:
    """Order it, in the practice's scope; workers begin as soon as this commits.

    Raises:
        UnderWay: somebody has ordered it before.
    """
    # Of two people who order at once, one waits here and then finds the other's order.
    Practice.objects.select_for_update(no_key=True).get(pk=practice_id)
    order = Everything(
        practice_id=practice_id, kind=kind, requested_by=who.role, requested_by_id=who.id
    )
    if certificate_id is not None:
        order.certificate_id = certificate_id
    try:
        with transaction.atomic():
            order.save(force_insert=True)
    except IntegrityError as error:
        raise UnderWay from error
    order.refresh_from_db()
    order.of_scans = scans_of(order).count()
    if not order.closes:
        order.spared = Scan.objects.filter(pk__in=_restricted()).count()
    order.save(update_fields=["of_scans", "spared"])
    counts = {Count.ROWS: order.of_scans}
    record(Action.EVERYTHING_ORDERED, who=who, object_id=order.pk, counts=counts)
    nudge(Everything, order.pk, state=order.state)
    return order


def scans_of(order: Everything) -> QuerySet[Scan]:
    """What is still there of what the order is about.

    A practice that goes on keeps what is restricted, as Art. 18 suspends its erasure, and what
    comes in after the order. One that ends keeps nothing.
    """
    if order.closes:
        return Scan.objects.all()
    return Scan.objects.filter(discovered_at__lte=order.as_of).exclude(pk__in=_restricted())


def go_on(*, practice_id: int, order_id: UUID, seconds: float = SLICE_SECONDS) -> None:
    """Do what is next for the order, for a while; the row is due again until it is verified."""
    with practice_scope(practice_id):
        state = Everything.objects.values_list("state", flat=True).get(pk=order_id)
    step = {
        Everything.State.ERASING: _erase,
        Everything.State.CLEARING: _clear,
        Everything.State.CLOSING: _close,
    }.get(Everything.State(state))
    if step is None:
        return
    with lease(Everything, order_id, practice_id=practice_id, state=state) as order:
        if order is not None:
            step(order, time.monotonic() + seconds)


class _OfOrder(Errand):
    """What the order is about, for as long as this worker holds it."""

    def __init__(self, order: Everything) -> None:
        self.reason = REASONS[Everything.Kind(order.kind)]
        self.who = Who(Actor(order.requested_by), order.requested_by_id)
        self.batch = order.pk
        self._order = order

    def held(self, number: int, among: Collection[UUID] | None) -> list[Scan]:
        hold(self._order)
        rows = scans_of(self._order).select_for_update(of=("self",), skip_locked=True)
        if among is not None:
            rows = rows.filter(pk__in=among)
        scans = list(rows.order_by("pk")[:number])
        return scans if self._order.closes else _unrestricted(scans)


def _unrestricted(scans: list[Scan]) -> list[Scan]:
    """Without those that somebody has restricted, or is restricting, since they were looked for."""
    reports = Report.objects.filter(scan_id__in=[scan.pk for scan in scans])
    free = reports.filter(restricted_at=None).select_for_update(of=("self",), skip_locked=True)
    # Held before all of them are looked up: one that comes into being in between stays.
    held = set(free.order_by("pk").values_list("scan_id", flat=True))
    kept = set(reports.values_list("scan_id", flat=True)) - held
    return [scan for scan in scans if scan.pk not in kept]


def _erase(order: Everything, until: float) -> None:
    """From the commit of each batch on nothing in it can be read."""
    errand, answers = _OfOrder(order), True
    while erasures := request_batch(order.practice_id, errand):
        # While storage is away keys go all the same; the objects' turn is ``_clear``'s.
        answers = answers and _complete(order, erasures)
        if time.monotonic() > until:
            _move(order, Everything.State.ERASING)
            return
    with practice_scope(order.practice_id):
        left = scans_of(order).count()
    if left:
        _look_again(order)  # somebody holds them
        return
    _move(order, Everything.State.CLEARING)


def _complete(order: Everything, erasures: list[UUID]) -> bool:
    """Delete and verify a batch; whether storage did as it was told with anything of it."""
    try:
        return complete_erasures(practice_id=order.practice_id, erasure_ids=erasures) > 0
    except (BotoCoreError, ClientError):
        logger.exception("%s erasures wait for storage", len(erasures))
        return False


def _clear(order: Everything, until: float) -> None:
    """Wait until each erasure is verified, and lend a hand: no worker may be there."""
    if not complete_batches(order.practice_id, _unverified(order.practice_id), until=until):
        _move(order, Everything.State.CLEARING)
        return
    # One over which a worker died is in no batch, so that no other is blamed.
    for erasure_id in _unverified(order.practice_id):
        complete_erasure(practice_id=order.practice_id, erasure_id=erasure_id)
        if time.monotonic() > until:
            _move(order, Everything.State.CLEARING)
            return
    if _unverified(order.practice_id):
        _look_again(order)  # retention watches over each of them, and tells who is behind
        return
    if order.closes:
        _move(order, Everything.State.CLOSING)
        return
    with practice_scope(order.practice_id):
        hold(order)
        if scans_of(order).exists():
            finish(order, state=Everything.State.ERASING)
            return
        _verified(order, {}, 0)


def _close(order: Everything, _: float) -> None:
    """The practice's own rows and keys, in one transaction that is either whole or not at all."""
    with practice_scope(order.practice_id):
        hold(order)
        if Scan.objects.exists() or Erasure.objects.filter(verified_at=None).exists():
            # Something was on its way in when the order came.
            finish(order, state=Everything.State.ERASING)
            return
        rows, keys = close_practice(practice_id=order.practice_id)
        _verified(order, rows, keys)


def _verified(order: Everything, rows: dict[str, int], keys: int) -> None:
    counts = {Count.ROWS: sum(rows.values()), Count.KEYS: keys}
    who = Who(Actor(order.requested_by), order.requested_by_id)
    entry = record(Action.EVERYTHING_ERASED, who=who, object_id=order.pk, counts=counts)
    Everything.objects.filter(pk=order.pk).update(
        state=Everything.State.VERIFIED,
        verified_at=Now(),
        rows=rows,
        keys=keys,
        log_sequence=entry.sequence,
        log_hash=entry.hash,
    )
    finish(order, state=Everything.State.VERIFIED)


def _move(order: Everything, state: Everything.State) -> None:
    with practice_scope(order.practice_id):
        hold(order)
        finish(order, state=state)


def _look_again(order: Everything) -> None:
    """Waiting is no failure: it must not end in somebody having to start it again."""
    with practice_scope(order.practice_id):
        hold(order)
        finish(order, state=order.state)
        soon = Now() + timedelta(seconds=LOOK_AGAIN_SECONDS)
        Everything.objects.filter(pk=order.pk).update(next_attempt_at=soon)


def _unverified(practice_id: int) -> list[UUID]:
    with practice_scope(practice_id):
        waiting = Erasure.objects.filter(state=Erasure.State.REQUESTED)
        return list(waiting.order_by("requested_at").values_list("pk", flat=True))


def _restricted() -> QuerySet[Report, UUID]:
    return Report.objects.filter(restricted_at__isnull=False).values_list("scan_id", flat=True)
