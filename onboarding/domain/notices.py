"""Telling practices of new editions of their agreement, and of services to come (R67)."""

import hashlib
import logging
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, override

from dermalia.mail import AddressRefused, StaffMailKind, queue_mail
from dermalia.residency.announced import Planned
from dermalia.residency.register import to_come
from onboarding.domain.acceptance import accepted, newer_waits
from onboarding.domain.texts import current_texts
from onboarding.models import Acceptance, LegalText
from practices.models import Practice

logger = logging.getLogger(__name__)


def tell_practice(practice: Practice) -> None:
    """Queue what the practice in scope has not been told yet; who has no agreement learns
    everything on the way to one."""
    held = accepted()
    if held is None or not practice.email:  # none any more: its contract has ended
        return
    try:
        if newer_waits():
            _tell_of_texts(practice, held)
        for plan in to_come():
            _tell_of_service(practice, plan)
    except AddressRefused:
        logger.error("Practice %s has an address that cannot be written to", practice.pk)


def _tell_of_texts(practice: Practice, held: Acceptance) -> None:
    texts = current_texts(held.agreement.language)
    queue_mail(
        kind=StaffMailKind.AGREEMENT,
        recipient=practice.email,
        language=practice.language,
        context={
            "url": _url(practice, "onboarding:agreement"),
            "version": ", ".join(_changed(texts, held)),
        },
        once=f"agreement/{_digest(texts)}",
    )


def _changed(texts: Mapping[str, LegalText], held: Acceptance) -> list[str]:
    """Versions of the texts that are not the accepted ones."""
    before = {bytes(text.digest) for text in (held.agreement, held.measures, held.processors)}
    return [text.version for text in texts.values() if bytes(text.digest) not in before]


def _digest(texts: Mapping[str, LegalText]) -> str:
    """What stands for these editions together, short enough for a row."""
    joined = b"".join(bytes(texts[kind].digest) for kind in sorted(texts))
    return hashlib.sha256(joined).hexdigest()[:32]


def _tell_of_service(practice: Practice, plan: Planned) -> None:
    service = plan.service
    with override(practice.language):
        purpose, basis = gettext(service.purpose), service.basis
    queue_mail(
        kind=StaffMailKind.SUBPROCESSOR,
        recipient=practice.email,
        language=practice.language,
        context={
            "url": _url(practice, "onboarding:processors"),
            "service": service.entity,
            "country": service.country,
            "purpose": purpose,
            "basis": basis,
            "valid_from": plan.valid_from,
            "object_by": plan.valid_from - timedelta(days=1),
        },
        once=f"subprocessor/{service.key}/{plan.valid_from}",
    )


def _url(practice: Practice, page: str) -> str:
    with override(practice.language):
        return settings.PUBLIC_URL + reverse(page)
