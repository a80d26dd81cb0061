"""Whom a practice passes reports on to: entered before the first time. In its scope."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.chain import record
from audit.words import Action
from onboarding.models import Recipient
from practices.domain.staff import staff
from practices.models import User


def add(user: User, *, name: str, purpose: str, basis: str) -> Recipient:
    """Enter a recipient, with what it gets reports for and on what legal basis."""
    with transaction.atomic():
        added = Recipient.objects.create(
            practice_id=user.practice_id, name=name, purpose=purpose, basis=basis
        )
        record(Action.RECIPIENT_ADDED, who=staff(user), object_id=added.pk)
    return added


def end(recipient_id: UUID, *, user: User) -> bool:
    """From now on nothing goes there; the entry stays. False if there is none, or it has ended."""
    with transaction.atomic():
        ended = Recipient.objects.filter(pk=recipient_id, ended_at=None).update(ended_at=Now())
        if ended:
            record(Action.RECIPIENT_ENDED, who=staff(user), object_id=recipient_id)
    return bool(ended)
