"""Objecting to an announced service, and taking it back. In the practice's scope, but for one."""

import logging
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from audit.chain import record
from audit.words import Action
from dermalia.mail import AddressRefused, StaffMailKind, queue_mail
from dermalia.residency import register
from dermalia.residency.announced import Planned
from dermalia.residency.objections import plan_of
from dermalia.residency.services import Service
from dermalia.tenancy import practice_scope
from onboarding.models import Objection
from practices.domain.staff import staff
from practices.models import Practice, User

logger = logging.getLogger(__name__)
SAID = {
    Objection.Kind.OBJECTS: Action.PROCESSOR_OBJECTED,
    Objection.Kind.WITHDRAWN: Action.OBJECTION_WITHDRAWN,
}


class TooLate(Exception):
    """The announced day has come."""


@dataclass(frozen=True, slots=True)
class Change:
    """An announced service as a practice sees it.

    Attributes:
        objection: the one that stands; None where there is none, or it was withdrawn.
    """

    plan: Planned
    objection: Objection | None

    @property
    def service(self) -> Service:
        return self.plan.service

    @property
    def object_by(self) -> date:
        """The last day on which the practice may object."""
        return self.plan.valid_from - timedelta(days=1)

    @property
    def is_to_come(self) -> bool:
        return timezone.localdate() < self.plan.valid_from


def changes() -> list[Change]:
    """Services to come, and those in force that the practice's objection keeps away from it."""
    found = [Change(plan, standing_objection(plan.service.key)) for plan in register.plans()]
    return [change for change in found if change.is_to_come or change.objection is not None]


def change_of(key: str) -> Change:
    """The announced service called ``key``. Raises LookupError."""
    return Change(plan_of(key), standing_objection(key))


def standing_objection(key: str) -> Objection | None:
    """The newest word on a service, if it is an objection."""
    newest = _newest(key)
    return newest if newest and newest.kind == Objection.Kind.OBJECTS else None


def objects(practice_id: int, key: str) -> bool:
    """Whether the practice's objection stands; opens its scope, as the guard asks from anywhere."""
    with practice_scope(practice_id):
        return standing_objection(key) is not None


def object_to(key: str, *, reason: str, user: User) -> Objection:
    """Object for the practice; who objects twice has objected once.

    Raises:
        LookupError: no such service was announced.
        TooLate: it is in use since today or longer.
    """
    plan = plan_of(key)
    if timezone.localdate() >= plan.valid_from:
        raise TooLate
    with transaction.atomic():
        _lock(user)
        standing = standing_objection(key)
        return standing or _say(plan, Objection.Kind.OBJECTS, reason=reason, user=user)


def withdraw_objection(key: str, *, user: User) -> bool:
    """Take an objection back, on whatever day; False where none stands.

    Raises:
        LookupError: no such service was announced.
    """
    plan = plan_of(key)
    with transaction.atomic():
        _lock(user)
        if standing_objection(key) is None:
            return False
        _say(plan, Objection.Kind.WITHDRAWN, user=user)
    return True


def _say(plan: Planned, kind: Objection.Kind, *, user: User, reason: str = "") -> Objection:
    newest = _newest(plan.service.key)
    said = Objection.objects.create(
        practice_id=user.practice_id,
        service=plan.service.key,
        valid_from=plan.valid_from,
        kind=kind,
        reason=reason,
        user=user,
        number=newest.number + 1 if newest else 1,
    )
    record(SAID[kind], who=staff(user), object_id=said.pk)
    _confirm(said, plan, user.practice)
    _tell_operator(said, plan, user.practice)
    return said


def _confirm(said: Objection, plan: Planned, practice: Practice) -> None:
    """To the practice: what it has said, and what follows."""
    with override(practice.language):
        url = settings.PUBLIC_URL + reverse("onboarding:processors")
    _queue(
        StaffMailKind.OBJECTION, practice.email, practice.language, _told(said, plan, practice, url)
    )


def _tell_operator(said: Objection, plan: Planned, practice: Practice) -> None:
    """To us, by the same outbox; the administration lists it, whatever becomes of the mail."""
    url = settings.ADMIN_URL
    recipient = settings.OPERATOR["email"]
    _queue(StaffMailKind.OBJECTED, recipient, "de", _told(said, plan, practice, url))


def _queue(kind: StaffMailKind, recipient: str, language: str, context: dict[str, object]) -> None:
    try:
        queue_mail(
            kind=kind,
            recipient=recipient,
            language=language,
            context=context,
            once=f"{kind.value}/{context['id']}",
        )
    except AddressRefused:
        # What was said counts all the same.
        logger.error("An objection could not be told: %s has no address", kind.value)


def _told(said: Objection, plan: Planned, practice: Practice, url: str) -> dict[str, object]:
    return {
        "id": said.pk,
        "url": url,
        "service": plan.service.entity,
        "valid_from": plan.valid_from,
        "withdrawn": said.kind == Objection.Kind.WITHDRAWN,
        "reason": said.reason,
        "number": practice.pk,
    }


def _newest(key: str) -> Objection | None:
    return Objection.objects.filter(service=key).order_by("-number").first()


def _lock(user: User) -> None:
    """Of two owners who speak at once, one waits here and then sees what the other has said."""
    Practice.objects.select_for_update(no_key=True).get(pk=user.practice_id)
