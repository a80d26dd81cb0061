"""Links with which operators enrol: printed on the server, short-lived, used once.

As long as nobody can come in, the first link opens by itself. From then on every link waits
until a colleague has confirmed it in the admin, so that a shell on the server alone makes no
administrator without another's knowledge.
"""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, QuerySet
from django.db.models.functions import Now

from audit.chain import OPERATOR, record
from audit.words import Action
from operators.domain.log import no_practice, operator, tell
from operators.domain.sessions import PASSKEYS_NEEDED, end_sessions
from operators.models import Operator, OperatorLink, OperatorPasskey, Statement


class LinkRefused(Exception):
    """The link lets nobody in (any more)."""


class WaitsForColleague(LinkRefused):
    """The link is good, but no colleague has confirmed it yet."""


class NotYours(Exception):
    """Nobody confirms a link of their own."""


def equipped() -> QuerySet[Operator]:
    """Operators who can come in: active, with two passkeys."""
    counted = Operator.objects.filter(is_active=True).annotate(held=Count("passkeys"))
    return counted.filter(held__gte=PASSKEYS_NEEDED)


def issue_link(*, name: str) -> tuple[str, OperatorLink]:
    """A secret of 43 characters with which the operator enrols, and what is kept of it.

    An operator who has passkeys gets a link to begin anew: using it removes them.

    Raises:
        PermissionError: the operator was deactivated.
    """
    secret = secrets.token_urlsafe(32)
    with no_practice():
        who, _new = Operator.objects.get_or_create(name=name)
        if not who.is_active:
            raise PermissionError(f"{name} was deactivated")
        recovers = OperatorPasskey.objects.filter(operator=who).exists()
        OperatorLink.objects.filter(operator=who, used_at=None).delete()
        link = OperatorLink.objects.create(
            operator=who,
            kind=OperatorLink.Kind.RECOVER if recovers else OperatorLink.Kind.ENROL,
            digest=_digest(secret),
            expires_at=Now() + timedelta(seconds=settings.ADMIN_LINK_SECONDS),
        )
        record(Action.ADMIN_LINK_ISSUED, who=OPERATOR, object_id=link.pk)
    link.refresh_from_db()
    return secret, link


def waiting_links() -> QuerySet[OperatorLink]:
    """Links that a colleague may confirm now."""
    good = OperatorLink.objects.filter(confirmed_at=None, used_at=None, expires_at__gt=Now())
    return good.select_related("operator")


def needs_colleague(link: OperatorLink) -> bool:
    """Whether the link opens only once it is confirmed: to begin anew always, and else as soon as
    anybody is there who could."""
    if link.kind == OperatorLink.Kind.RECOVER:
        return True
    return equipped().exclude(pk=link.operator_id).exists()


def confirm_link(*, link_id: UUID, by: Operator, why: Statement) -> None:
    """A colleague says that the link is in the right hands.

    Raises:
        NotYours: it is for the one who would confirm it.
        LinkRefused: there is nothing to confirm (any more).
    """
    with no_practice():
        link = waiting_links().select_for_update(of=("self",)).filter(pk=link_id).first()
        if link is None:
            raise LinkRefused
        if link.operator_id == by.pk:
            raise NotYours
        OperatorLink.objects.filter(pk=link.pk).update(confirmed_by=by, confirmed_at=Now())
        tell(Action.ADMIN_LINK_CONFIRMED, who=by, why=why, object_id=link.pk)


def redeem_link(*, secret: str) -> Operator:
    """Use the link up; whom it lets in, to make passkeys.

    Raises:
        WaitsForColleague: it stays good until then.
        LinkRefused: there is no such link, or it was used, or is too old.
    """
    with no_practice():
        link = (
            OperatorLink.objects.select_for_update(of=("self",))
            .select_related("operator")
            .filter(digest=_digest(secret), used_at=None, expires_at__gt=Now())
            .filter(operator__is_active=True)
            .first()
        )
        if link is None:
            raise LinkRefused
        # Locks the log: of two first links at the same moment one sees the other.
        record(Action.ADMIN_LINK_USED, who=operator(link.operator), object_id=link.pk)
        if link.confirmed_at is None and needs_colleague(link):
            raise WaitsForColleague
        OperatorLink.objects.filter(pk=link.pk).update(used_at=Now())
        if link.kind == OperatorLink.Kind.RECOVER:
            OperatorPasskey.objects.filter(operator=link.operator).delete()
        end_sessions(link.operator)
    return link.operator


def _digest(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()
