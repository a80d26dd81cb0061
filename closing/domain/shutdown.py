"""The end of the service: everything handed over, then everything erased, backups and keys last.

Nothing goes before every practice has confirmed that it has its data, or chosen not to have them.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from audit.chain import OPERATOR
from audit.words import Action, Count
from backups import recipients, shelf
from backups.domain.schedule import alone, now
from backups.domain.telling import tell_practices
from backups.kinds import Kind
from closing.domain.certificate import as_data, certificate_of, signed
from closing.domain.contract import give_notice
from closing.domain.current import contract_end, order_under_way
from closing.domain.everything import go_on, order_everything
from closing.models import ContractEnd, Everything
from dermalia.sealing.models import PracticeKey, ReportKey, SecretsKey
from dermalia.tenancy import practice_scope
from practices.models import Practice
from scans.models import Scan

SCHEMA = "dermalia/shutdown-certificate/1"
WAIT_SECONDS = 1.0


class NotHandedOver(Exception):
    """Practices have not confirmed that they have their data.

    Attributes:
        practices: their ids.
    """

    def __init__(self, practices: list[int]) -> None:
        super().__init__(f"practices {', '.join(map(str, practices))}")
        self.practices = practices


class Stuck(Exception):
    """An order does not go on by itself; a sentence says why."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a practice is on its way out."""

    practice_id: int
    name: str
    end: ContractEnd | None
    closed: bool

    @property
    def may_go(self) -> bool:
        if self.closed:
            return True
        if self.end is None or self.end.choice == ContractEnd.Choice.ERASE:
            return self.end is not None
        return self.end.delivered_at is not None


def standings() -> list[Standing]:
    """Every practice there ever was, by id."""
    return [_standing(practice) for practice in Practice.objects.order_by("pk")]


def begin() -> None:
    """Give notice to every practice: from now on nothing is taken in any more."""
    for standing in standings():
        if standing.end is None and not standing.closed:
            with practice_scope(standing.practice_id):
                give_notice(
                    practice_id=standing.practice_id,
                    who=OPERATOR,
                    reason=ContractEnd.Reason.SERVICE,
                )


def sentence() -> str:
    """What has to be typed to erase everything: it changes with what there is."""
    left = [standing for standing in standings() if not standing.closed]
    return f"erase {len(left)} practices and all backups for good"


def require_handed_over() -> None:
    """Raises ``NotHandedOver`` naming the practices that have not confirmed."""
    waiting = [standing.practice_id for standing in standings() if not standing.may_go]
    if waiting:
        raise NotHandedOver(waiting)


def erase_all() -> None:
    """Every practice, then every backup and the keys that open them.

    Broken off at any point it is begun again; what is done stays done.

    Raises:
        NotHandedOver: nothing was erased.
        Stuck: see there.
        KeysMissing: the private keys of backups are not on this machine.
        Busy: a backup is under way.
    """
    require_handed_over()
    recipients.folder()  # asked before the first practice goes, not after the last
    for standing in standings():
        if not standing.closed:
            _erase(standing)
    destroy_backups()


def destroy_backups() -> None:
    """Every backup, whatever its age, and every key that opens one."""
    with alone():
        for kind in Kind:
            for manifest in shelf.manifests(kind):
                shelf.delete(manifest)
                counts = {Count.OBJECTS: 1, Count.BYTES: manifest.size}
                tell_practices(
                    Action.BACKUP_DESTROYED, who=OPERATOR, object_id=manifest.id, counts=counts
                )
        # Nothing is under way: what has no manifest was broken off, however young it is.
        shelf.clear_abandoned(now=now() + shelf.ABANDONED_AFTER + timedelta(days=1))
        for recipient in recipients.recipients():
            recipients.destroy(recipient)
            tell_practices(
                Action.BACKUP_KEY_DESTROYED,
                who=OPERATOR,
                object_id=recipient.id,
                counts={Count.KEYS: 1},
            )


def certificate() -> bytes:
    """The final certificate, signed: every practice's, and what is left, looked for anew.

    Raises:
        Stuck: something is left.
    """
    left = _left()
    if any(left.values()):
        raise Stuck(f"Something is left: {left}")
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "operator": settings.OPERATOR["name"],
        "at": now().isoformat(),
        "left": left,
        "practices": [_certificate_of(standing.practice_id) for standing in standings()],
        "kept": ["certificates", "receipts", "log", "ledger", "agreements and instructions"],
    }
    return signed(told)


def _standing(practice: Practice) -> Standing:
    with practice_scope(practice.pk):
        return Standing(practice.pk, practice.name, contract_end(), _last() is not None)


def _last() -> Everything | None:
    """The verified order that closed the practice in scope."""
    orders = Everything.objects.exclude(kind=Everything.Kind.DATASET)
    return orders.filter(state=Everything.State.VERIFIED).select_related("practice").first()


def _erase(standing: Standing) -> None:
    while True:
        with practice_scope(standing.practice_id):
            order = order_under_way()
            if order is None and _last() is not None:
                return
            order = order or _order(standing)
        if order.quarantined_at is not None:
            raise Stuck(f"Practice {standing.practice_id}: {order.last_error}")
        go_on(practice_id=standing.practice_id, order_id=order.pk)
        with practice_scope(standing.practice_id):
            waits = Everything.objects.filter(pk=order.pk, next_attempt_at__gt=now()).exists()
        if waits or order.leased_until is not None:
            time.sleep(WAIT_SECONDS)


def _order(standing: Standing) -> Everything:
    end = contract_end()
    order = order_everything(
        practice_id=standing.practice_id,
        kind=Everything.Kind.SERVICE,
        who=OPERATOR,
        certificate_id=end.certificate_id if end else None,
    )
    ContractEnd.objects.filter(withdrawn_at=None).update(order=order)
    return order


def _left() -> dict[str, int]:
    """Counts of what must not be there, by what it is."""
    left = {"scans": 0, "keys": 0}
    for standing in standings():
        with practice_scope(standing.practice_id):
            left["scans"] += Scan.objects.count()
            left["keys"] += sum(m.objects.count() for m in (ReportKey, SecretsKey, PracticeKey))
    left["backups"] = sum(len(shelf.manifests(kind)) for kind in Kind)
    left["backup_keys"] = len(recipients.recipients())
    left["practices"] = sum(not standing.closed for standing in standings())
    return left


def _certificate_of(practice_id: int) -> dict[str, Any]:
    with practice_scope(practice_id):
        order = _last()
        assert order is not None, "looked for just now"
        return as_data(certificate_of(order))
