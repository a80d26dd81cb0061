"""Who works in a practice: invited, given a role, sent away. All in the practice's scope."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from audit.chain import Who, record
from audit.words import Action, Actor
from dermalia.mail import StaffMailKind, clean_address, mails_within_a_day, queue_mail
from practices.domain.factors import has_factor
from practices.domain.sessions import end_sessions
from practices.domain.sign_in import issue_link
from practices.domain.staff import staff
from practices.models import Practice, SignInLink, User


class EmailTaken(Exception):
    """Somebody signs in with this address already, here or in another practice."""


class TooManyInvitations(Exception):
    """The practice has sent as many within a day as it may: another sign-in abused would otherwise
    write to strangers in our name without end."""


class LastOwner(Exception):
    """Without this owner nobody could sign for the practice or let anybody in."""


def invite(*, practice: Practice, email: str, role: str, by: Who) -> User:
    """Take somebody in and mail them a link to set up their sign-in.

    Raises:
        AddressRefused: nothing can be sent to this address.
        EmailTaken: one address, one person, one practice.
        TooManyInvitations: nobody was taken in.
    """
    with transaction.atomic():
        user = take_in(practice=practice, email=email, role=role, by=by)
        _mail_link(user, by=by)
    return user


def take_in(*, practice: Practice, email: str, role: str, by: Who) -> User:
    """As ``invite``, but who calls hands over the link (``link_for``) themselves."""
    address = clean_address(email)
    with transaction.atomic():
        _require_few(practice.pk, by=by)
        if User.objects.filter(email__iexact=address).exists():
            raise EmailTaken
        user = User(email=address, practice=practice, role=role)
        user.set_unusable_password()
        user.save()
        record(Action.STAFF_INVITED, who=by, object_id=user.handle)
    return user


def invite_again(user: User, *, by: Who) -> None:
    """Mail a new link. Whoever has factors begins anew when it is used: that is how a lost
    device is made good, by an owner who knows who asks.

    Raises:
        TooManyInvitations: nothing was sent.
    """
    with transaction.atomic():
        _require_few(user.practice_id, by=by)
        record(Action.STAFF_INVITED, who=by, object_id=user.handle)
        _mail_link(user, by=by)


def link_for(user: User, *, by: Who, seconds: int | None = None) -> str:
    """The full address of a new link for the user, in the practice's language."""
    kind = SignInLink.Kind.RESET if has_factor(user) else SignInLink.Kind.SET_UP
    secret = issue_link(user=user, kind=kind, by=by, seconds=seconds)
    with override(user.practice.language):
        return settings.PUBLIC_URL + reverse("practices:enter", args=[secret])


def change_role(user: User, role: str, *, by: User) -> None:
    """Raises ``LastOwner`` where the last one would give the role up."""
    with transaction.atomic():
        if role != User.Role.OWNER:
            _require_another_owner(user)
        if User.objects.filter(pk=user.pk).exclude(role=role).update(role=role):
            record(Action.STAFF_ROLE_CHANGED, who=staff(by), object_id=user.handle)


def deactivate(user: User, *, by: User) -> None:
    """Out at once, everywhere; whoever comes back sets up their sign-in as before.

    Raises:
        LastOwner: nobody else could let them in again.
    """
    with transaction.atomic():
        _require_another_owner(user)
        if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            SignInLink.objects.filter(user=user, used_at=None).delete()
            end_sessions(user, by=by)
            record(Action.STAFF_DEACTIVATED, who=staff(by), object_id=user.handle)


def activate(user: User, *, by: User) -> None:
    """Let somebody in again, by the factors they had."""
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            record(Action.STAFF_ACTIVATED, who=staff(by), object_id=user.handle)


def _mail_link(user: User, *, by: Who) -> None:
    seconds = settings.INVITATION_SECONDS
    url = link_for(user, by=by, seconds=seconds)
    mail_id = queue_mail(
        kind=StaffMailKind.INVITATION,
        recipient=user.email,
        language=user.practice.language,
        context={"url": url, "valid_until": timezone.now() + timedelta(seconds=seconds)},
    )
    SignInLink.objects.filter(user=user, used_at=None).update(mail_id=mail_id)


def _require_few(practice_id: int, *, by: Who) -> None:
    """What the operator sends is the operator's affair; of two owners at once one waits here."""
    if by.role != Actor.STAFF:
        return
    Practice.objects.select_for_update(no_key=True).get(pk=practice_id)
    if mails_within_a_day(StaffMailKind.INVITATION) >= settings.INVITATIONS_PER_DAY:
        raise TooManyInvitations


def _require_another_owner(user: User) -> None:
    # Locked in one order, so that of two owners who leave at the same moment one stays.
    owners = list(
        User.objects.select_for_update(of=("self",))
        .filter(practice_id=user.practice_id, role=User.Role.OWNER, is_active=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if owners == [user.pk]:
        raise LastOwner
