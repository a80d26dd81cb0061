"""Reminding a practice before its contract ends, and what it still has to do. In its scope."""

import logging

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from closing.domain.contract import days_left
from closing.domain.current import contract_end
from closing.models import ContractEnd
from dermalia.mail import AddressRefused, StaffMailKind, queue_mail
from practices.models import Practice

logger = logging.getLogger(__name__)
DAYS_BEFORE = (14, 7, 1)


def todo(end: ContractEnd) -> list[str | Promise]:
    """What is left for the practice to do, in words that go on a sentence, in the page's order."""
    left: list[str | Promise] = []
    if end.choice == "":
        left.append(_("choose what becomes of your data"))
    if end.choice == ContractEnd.Choice.ERASE or end.delivered_at is not None:
        return left
    if end.export_id is None:
        left.append(_("prepare the export and save it"))
    left.append(_("confirm its arrival with the code in it"))
    return left


def remind(practice: Practice) -> None:
    """Queue the reminder that is due, once; who was not reminded in time gets the latest only."""
    end = contract_end()
    if end is None or end.order_id is not None or not practice.email:
        return
    days = days_left(end)
    due = [mark for mark in DAYS_BEFORE if 0 < days <= mark]
    if not due:
        return
    try:
        _queue(practice, end, days=days, mark=min(due))
    except AddressRefused:
        logger.error("Practice %s has an address that cannot be written to", practice.pk)


def _queue(practice: Practice, end: ContractEnd, *, days: int, mark: int) -> None:
    with override(practice.language):
        queue_mail(
            kind=StaffMailKind.CONTRACT_END,
            recipient=practice.email,
            language=practice.language,
            context={
                "url": settings.PUBLIC_URL + reverse("closing:contract"),
                "ends_on": end.ends_on,
                "days": days,
                "todo": [str(each) for each in todo(end)],
                "service": end.reason == ContractEnd.Reason.SERVICE,
                "waits": end.waits_for_delivery,
            },
            once=f"contract_end/{end.pk}/{mark}",
        )
