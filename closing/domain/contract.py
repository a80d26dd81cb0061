"""The end of a contract: notice, choice, hand-over, withdrawal, and the day itself.

All but ``end_due`` in the practice's scope.
"""

import logging
from datetime import timedelta

from django.db.models.functions import Now

from audit.chain import SYSTEM, Who, record
from audit.words import Action
from backups.domain.schedule import agreed_now, now
from closing.domain.current import contract_end
from closing.domain.everything import order_everything
from closing.models import ContractEnd, Everything
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.domain.due import BERLIN

logger = logging.getLogger(__name__)
DAYS = 30


class TooLate(Exception):
    """Everything is being erased already."""


class NotDelivered(Exception):
    """The practice wants its data and has not confirmed that it has them."""


def give_notice(
    *,
    practice_id: int,
    who: Who,
    reason: ContractEnd.Reason = ContractEnd.Reason.CONTRACT,
) -> ContractEnd:
    """Open the case, or return the one that is open: the contract ends in thirty days."""
    Practice.objects.select_for_update(no_key=True).get(pk=practice_id)
    found = contract_end()
    if found is not None:
        return found
    ends_on = now().astimezone(BERLIN).date() + timedelta(days=DAYS)
    end = ContractEnd(practice_id=practice_id, reason=reason, noticed_by=who.role, ends_on=ends_on)
    end.save(force_insert=True)
    record(Action.CONTRACT_NOTICED, who=who, object_id=end.pk)
    end.refresh_from_db()
    return end


def choose(end: ContractEnd, choice: ContractEnd.Choice, *, who: Who) -> None:
    """What becomes of the data (Art. 28(3)(g)); may be changed until they are erased.

    Raises:
        TooLate: they are.
    """
    locked = _open(end)
    if locked.choice == choice:
        return
    ContractEnd.objects.filter(pk=end.pk).update(choice=choice, chosen_at=Now())
    record(Action.CONTRACT_CHOSEN, who=who, object_id=end.pk)
    end.refresh_from_db()


def withdraw(end: ContractEnd, *, who: Who) -> None:
    """The contract goes on as if nobody had given notice.

    Raises:
        TooLate: everything is being erased.
        PermissionError: the service itself ends; that is not the practice's to withdraw.
    """
    locked = _open(end)
    if locked.reason == ContractEnd.Reason.SERVICE:
        raise PermissionError("the service ends")
    if ContractEnd.objects.filter(pk=end.pk, withdrawn_at=None).update(withdrawn_at=Now()):
        record(Action.CONTRACT_WITHDRAWN, who=who, object_id=end.pk)
    end.refresh_from_db()


def end_now(end: ContractEnd, *, who: Who) -> Everything:
    """Erase everything without waiting for the day; only ever by somebody's act.

    Raises:
        NotDelivered, TooLate.
    """
    locked = _open(end)
    if locked.choice == "" or locked.waits_for_delivery:
        raise NotDelivered
    return _end(locked, who)


def end_due(*, practice_id: int) -> Everything | None:
    """Erase everything where the promised day has come; None where there is nothing to do.

    Who chose nothing was told that everything goes. Who wants the data back and has not confirmed
    that they arrived is waited for: what was asked for is not destroyed, and the operator is told.

    Raises:
        ClocksDisagree: no clock alone ends a contract.
    """
    with practice_scope(practice_id):
        end = contract_end()
        if end is None or end.order_id is not None or not _day_has_come(end):
            return None
        if end.waits_for_delivery or end.reason == ContractEnd.Reason.SERVICE:
            logger.error(
                "practice %s: its contract has ended, its data are not delivered", practice_id
            )
            return None
        return _end(_open(end), SYSTEM)


def overdue(end: ContractEnd) -> bool:
    """Whether the promised day has come, and nothing is being erased."""
    return end.order_id is None and now().astimezone(BERLIN).date() >= end.ends_on


def days_left(end: ContractEnd) -> int:
    """Whole days in Berlin until the promised day; 0 on it, negative after it."""
    return (end.ends_on - now().astimezone(BERLIN).date()).days


def _day_has_come(end: ContractEnd) -> bool:
    if now().astimezone(BERLIN).date() < end.ends_on:
        return False
    return agreed_now().astimezone(BERLIN).date() >= end.ends_on


def _end(end: ContractEnd, who: Who) -> Everything:
    order = order_everything(
        practice_id=end.practice_id,
        kind=Everything.Kind(end.reason),
        who=who,
        certificate_id=end.certificate_id,
    )
    ContractEnd.objects.filter(pk=end.pk).update(order=order)
    return order


def _open(end: ContractEnd) -> ContractEnd:
    """The case, locked."""
    locked = ContractEnd.objects.select_for_update().get(pk=end.pk)
    if locked.order_id is not None or locked.withdrawn_at is not None:
        raise TooLate
    return locked
