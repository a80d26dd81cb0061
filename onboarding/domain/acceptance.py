"""Accepting the agreement, and what holds until a newer one is. In the practice's scope."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from audit.chain import record
from audit.words import Action
from dermalia.mail import StaffMailKind, queue_mail
from dermalia.tenancy.statements import Figures
from onboarding.domain.document import typeset_acceptance
from onboarding.domain.particulars import particulars_of, snapshot
from onboarding.domain.texts import current_digests, current_texts
from onboarding.models import Acceptance, LegalText
from practices.domain.staff import staff
from practices.models import User


class NotAcceptable(Exception):
    """The agreement cannot be accepted like this."""


@dataclass(frozen=True, slots=True)
class Signing:
    """How somebody signs: in which session, from which network, and having read what.

    Attributes:
        digests: of the texts that were opened in this session, in hexadecimal digits.
    """

    user: User
    language: str
    factor: str
    network: str
    digests: frozenset[str]
    authorised: bool  # "I may sign for the practice"
    secrecy: bool  # § 203 StGB, agreed to apart


def accepted() -> Acceptance | None:
    """What holds now: an older edition stays in force until a newer one is accepted."""
    return (
        Acceptance.objects.select_related("agreement", "measures", "processors")
        .defer("document")
        .order_by("-accepted_at")
        .first()
    )


def accepted_list() -> int | None:
    """The key of the list of sub-processors that holds now."""
    return (
        Acceptance.objects.order_by("-accepted_at").values_list("processors_id", flat=True).first()
    )


def newer_waits() -> bool:
    """Whether there is an edition that was not accepted yet, though an older one was.

    Compared in the language in which the older one was accepted.
    """
    held = _HELD.rows()
    if not held:
        return False
    ((language, *digests),) = held
    return set(map(bytes, digests)) != current_digests(language)


# What every page of an owner's asks; the texts themselves are long.
_HELD = Figures(
    lambda: Acceptance.objects.order_by("-accepted_at").values_list(
        "agreement__language", "agreement__digest", "measures__digest", "processors__digest"
    )[:1]
)


def accept(signing: Signing) -> Acceptance:
    """Bring the editions in force into force for the practice, with a document that proves it.

    Raises:
        NotAcceptable: a text was not opened, authority or secrecy was not declared, nobody is
            named who may sign, or no second factor was shown.
        PdfError: the document could not be made; nothing was accepted.
    """
    practice = signing.user.practice
    stated, texts = particulars_of(practice), current_texts(signing.language)
    _require(signing, texts, named=bool(stated.authorised_name and stated.authorised_role))
    row = Acceptance(
        practice=practice,
        agreement=texts[LegalText.Kind.AGREEMENT],
        measures=texts[LegalText.Kind.MEASURES],
        processors=texts[LegalText.Kind.PROCESSORS],
        user=signing.user,
        signer_name=stated.authorised_name,
        signer_role=stated.authorised_role,
        particulars=snapshot(practice, stated),
        factor=signing.factor,
        network=signing.network,
        accepted_at=timezone.now(),
    )
    # First the document, which takes a second: the log is locked from its entry on.
    row.document = typeset_acceptance(row)
    row.document_digest = hashlib.sha256(row.document).digest()
    with transaction.atomic():
        row.save(force_insert=True)
        record(Action.AGREEMENT_ACCEPTED, who=staff(signing.user), object_id=row.pk)
        _mail_copy(row, signing)
    return row


def _mail_copy(row: Acceptance, signing: Signing) -> None:
    """The document itself, not a link to it: whoever signed has it wherever they keep their mail,
    whatever becomes of us. It is the practice's own contract and names no patient."""
    with override(signing.language):
        page = settings.PUBLIC_URL + reverse("onboarding:agreement")
    queue_mail(
        kind=StaffMailKind.ACCEPTED,
        recipient=signing.user.email,
        language=signing.language,
        context={
            "url": page,
            "version": row.agreement.version,
            "signer": row.signer_name,
            "at": row.accepted_at,
            "document": bytes(row.document),
        },
        once=f"accepted {row.pk}",
    )


def _require(signing: Signing, texts: Mapping[str, LegalText], *, named: bool) -> None:
    unread = {bytes(text.digest).hex() for text in texts.values()} - signing.digests
    if unread or not signing.factor or not named:
        raise NotAcceptable
    if not signing.authorised or not signing.secrecy:
        raise NotAcceptable
