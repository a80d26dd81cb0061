"""The way of a question from the form to the officer's mailbox.

At least once: an officer who reads a question twice loses a minute, one who never reads it
breaks a right. What is sent is deleted at once; what nobody takes for ``KEPT`` is, too.
"""

import logging
import os
import time
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils.translation import override

from dermalia.mail import clean_address
from dermalia.sealing.keys import UnlockedKey
from dermalia.sealing.locks import share_keystore
from dermalia.sealing.roots import root_keys
from reports.domain.pace import take_place
from reports.mail.message import Message
from reports.mail.provider import NotTaken, Provider, Uncertain
from reports.mail.routes import RouteRefused, default_provider
from website.models import Inquiry

KEPT = timedelta(days=14)
LEASE = timedelta(minutes=5)  # longer than any carrier takes to answer
LONGEST_WAIT = timedelta(hours=6)
_NAME = "inquiry.message"
_log = logging.getLogger("dermalia.website")


def ask(*, name: str, email: str, text: str, language: str) -> UUID:
    """Keep a question until it is mailed; its id.

    Raises:
        AddressRefused: nobody could be answered at ``email``.
    """
    inquiry_id = uuid4()
    message = _compose(name=name, email=clean_address(email), text=text, language=language)
    key = UnlockedKey(inquiry_id, os.urandom(32))
    with transaction.atomic():
        share_keystore()
        version, wrapped = root_keys().wrap(key.secret, bound_to=bound_to(inquiry_id))
        Inquiry.objects.create(
            id=inquiry_id,
            root_version=version,
            wrapped=wrapped,
            message=key.seal_text(message.dump(), name=_NAME),
        )
    return inquiry_id


def deliver_waiting(provider: Provider | None = None) -> int:
    """Mail what waits and forget what has waited too long; how many mails left."""
    _forget_old()
    try:
        carrier = provider or default_provider()
    except RouteRefused:
        if Inquiry.objects.exists():
            _log.error("Questions to the data protection officer wait: no carrier is set up.")
        return 0
    sent = 0
    while (inquiry := _claim()) is not None:
        sent += _deliver(inquiry, carrier)
    return sent


def _claim() -> Inquiry | None:
    """The next question that is due, kept from other workers for a while."""
    with transaction.atomic():
        due = Inquiry.objects.filter(next_attempt_at__lte=Now()).order_by("next_attempt_at")
        inquiry = due.select_for_update(skip_locked=True).first()
        if inquiry is not None:
            Inquiry.objects.filter(pk=inquiry.pk).update(
                attempts=F("attempts") + 1, next_attempt_at=Now() + LEASE
            )
    return inquiry


def _deliver(inquiry: Inquiry, provider: Provider) -> bool:
    wait = take_place(provider)
    if wait is None:
        _again(inquiry, timedelta(seconds=30))
        return False
    time.sleep(wait)
    try:
        provider.send(_open(inquiry), key=str(inquiry.pk), practice_id=0, kind="inquiry")
    except (NotTaken, Uncertain) as problem:
        # The carrier's words are for staff and name neither text nor address.
        _log.warning("A question to the data protection officer has not left yet: %s", problem)
        _again(inquiry, min(LONGEST_WAIT, timedelta(minutes=1) * 2 ** min(inquiry.attempts, 12)))
        return False
    inquiry.delete()
    return True


def _again(inquiry: Inquiry, after: timedelta) -> None:
    Inquiry.objects.filter(pk=inquiry.pk).update(next_attempt_at=Now() + after)


def _forget_old() -> None:
    lost, _ = Inquiry.objects.filter(created_at__lt=Now() - KEPT).delete()
    if lost:
        _log.error("%s questions to the data protection officer could not be mailed.", lost)


def _open(inquiry: Inquiry) -> Message:
    wrapped = bytes(inquiry.wrapped)
    secret = root_keys().unwrap(inquiry.root_version, wrapped, bound_to=bound_to(inquiry.pk))
    key = UnlockedKey(inquiry.pk, secret)
    return Message.load(key.open_text(bytes(inquiry.message), name=_NAME))


def bound_to(inquiry_id: UUID) -> bytes:
    """What the key of a question is wrapped with, so that it opens no other."""
    return b"inquiry\0" + inquiry_id.bytes


def _compose(*, name: str, email: str, text: str, language: str) -> Message:
    # The officer reads German or English; which one the question is in, the text itself shows.
    with override(language):
        told = {"name": name, "email": email, "text": text, "LANGUAGE_CODE": language}
        return Message(
            sender_name="Dermalia",
            sender=settings.MAIL_FROM,
            reply_to=email,
            recipient=settings.PRIVACY_EMAIL,
            subject="Dermalia: Datenschutz / privacy",
            text=render_to_string("website/mail/inquiry.txt", told),
            html=render_to_string("website/mail/inquiry.html", told),
        )
