"""Telling the owners of a practice something, by the outbox and behind the sign-in."""

import logging
from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from dermalia.mail import AddressRefused, StaffMailKind, queue_mail
from dermalia.tenancy import current_practice
from practices.models import Practice, User

logger = logging.getLogger(__name__)


class NobodyToTell(Exception):
    """The practice in scope has nobody who could be written to."""


def tell_owners(*, kind: StaffMailKind, page: str, once: str, **context: object) -> list[UUID]:
    """Queue a mail to every owner of the practice in scope, or to the practice where there is none.

    Args:
        page: name of the dashboard's page that tells the rest; its arguments are in ``context``
            under ``args``, and are not told.
        once: words for this occasion; each owner is told of it once.

    Returns:
        The mails' ids, at least one.

    Raises:
        NobodyToTell: no address takes mail.
    """
    practice = Practice.objects.get(pk=current_practice())
    told = {name: value for name, value in context.items() if name != "args"}
    told["url"] = public_url(page, practice.language, context.get("args", ()))
    found = [
        mail
        for who, address in _addresses(practice).items()
        if (mail := _queue(kind, address, practice, told, f"{once}/{who}")) is not None
    ]
    if not found:
        raise NobodyToTell
    return found


def public_url(page: str, language: str, args: object = ()) -> str:
    """The address of a page on the public host, from whichever host it is asked for."""
    with override(language):
        return settings.PUBLIC_URL + reverse(page, urlconf=settings.ROOT_URLCONF, args=args)  # type: ignore[arg-type]


def _addresses(practice: Practice) -> Mapping[int, str]:
    owners = User.objects.filter(practice=practice, role=User.Role.OWNER, is_active=True)
    return dict(owners.values_list("pk", "email")) or {0: practice.email}


def _queue(
    kind: StaffMailKind, address: str, practice: Practice, told: Mapping[str, object], once: str
) -> UUID | None:
    try:
        return queue_mail(
            kind=kind, recipient=address, language=practice.language, context=told, once=once
        )
    except AddressRefused:
        logger.error("Practice %s has an owner who cannot be written to", practice.pk)
        return None
