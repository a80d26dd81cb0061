"""Which carrier a practice's mails take, and whom they come from."""

from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext_noop as _

from audit.chain import Who, record
from audit.words import Action
from dermalia.residency.register import mail_relay, own_mail_server, service
from dermalia.residency.services import Service
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock_secrets
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.mail.message import Sender, sender_name
from reports.mail.models import Carrier, MailRoute
from reports.mail.provider import Provider
from reports.mail.resend import ResendProvider
from reports.mail.smtp import Server, SmtpProvider, try_server


class RouteRefused(ValueError):
    """The practice's mails cannot go that way on this installation."""


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A practice's own mail server, as its owner enters it."""

    address: str
    host: str
    port: int
    security: MailRoute.Security
    username: str
    password: str = field(repr=False)


def route() -> MailRoute:
    """How mails of the practice in scope leave; unsaved where it has chosen nothing."""
    return MailRoute.objects.first() or MailRoute(carrier=default_carrier())


def default_carrier() -> Carrier:
    """What this installation sends by where a practice has chosen nothing."""
    return Carrier(settings.MAIL_CARRIER)


def provider(carrier: Carrier | None = None) -> Provider:
    """The carrier of the practice in scope, or the one a mail was first tried with.

    Raises:
        RouteRefused: that way is not open (any more).
    """
    chosen = route()
    match carrier or Carrier(chosen.carrier):
        case Carrier.RESEND:
            return ResendProvider()
        case Carrier.RELAY:
            return SmtpProvider(_relay(), carrier=Carrier.RELAY, pace="relay")
        case Carrier.OWN:
            pace = f"own/{chosen.practice_id}"
            return SmtpProvider(_own(chosen), carrier=Carrier.OWN, pace=pace)


def default_provider() -> Provider:
    """The installation's own carrier, for mails that belong to no practice.

    Raises:
        RouteRefused: it has none: mails leave by the practices' own servers only.
    """
    match default_carrier():
        case Carrier.RELAY:
            return SmtpProvider(_relay(), carrier=Carrier.RELAY, pace="relay")
        case Carrier.OWN:
            raise RouteRefused(_("This installation has no mail relay."))
        case _:
            return ResendProvider()


def sender(practice: Practice) -> Sender:
    """Whom mails of the practice in scope come from, in the practice's own choice of words."""
    chosen = route()
    own = chosen.carrier == Carrier.OWN
    return Sender(
        name=sender_name(chosen.sender_name),
        address=chosen.address if own else settings.MAIL_FROM,
        reply_to=practice.email,
    )


def staff_sender() -> Sender:
    """Whom mails to staff come from: the installation, answered by its operator."""
    own = default_carrier() == Carrier.OWN
    return Sender(
        name="Dermalia",
        address=route().address if own else settings.MAIL_FROM,
        reply_to=settings.OPERATOR["email"],
    )


def carried_by() -> Service:
    """The entry of the register that carries this practice's mails, for its documents."""
    match Carrier(route().carrier):
        case Carrier.OWN:
            return own_mail_server()
        case carrier:
            return service(carrier.value)


def choose(*, practice: Practice, carrier: Carrier, who: Who, name: str = "") -> None:
    """Send this practice's mails by the installation's Resend account or relay.

    Raises:
        RouteRefused: the installation has no such carrier.
    """
    if settings.LOCAL and carrier != Carrier.OWN:
        raise RouteRefused(_("This server sends by the practice's own mail server only."))
    if carrier == Carrier.RELAY:
        _relay()
    if carrier == Carrier.OWN:
        raise RouteRefused("an own server is chosen with its address: use_own_server")
    _replace(practice, MailRoute(carrier=carrier, sender_name=sender_name(name)), who)


def use_own_server(*, practice: Practice, server: OwnServer, who: Who, name: str = "") -> None:
    """Send this practice's mails by a server of its own, its password sealed.

    Called outside the practice's scope: the server is called and signed in to first, which may
    take seconds, and what does not work is not kept.

    Raises:
        NotTaken: it cannot be reached in time, is not encrypted or refuses the account.
    """
    try_server(
        Server(
            host=server.host,
            port=server.port,
            security=server.security,
            username=server.username,
            password=server.password,
            inside=_inside(),
        )
    )
    with practice_scope(practice.pk):
        chosen = MailRoute(
            carrier=Carrier.OWN,
            sender_name=sender_name(name),
            address=server.address,
            host=server.host,
            port=server.port,
            security=server.security,
            username=server.username,
            password=Sealing(unlock_secrets(), server.password),
        )
        _replace(practice, chosen, who)


def own_password(*, host: str) -> str:
    """The password in use, for another choice with the same server; empty for any other host."""
    chosen = route()
    if chosen.host != host or chosen.password is None:
        return ""
    password: str = chosen.password.open(unlock_secrets())
    return password


def _replace(practice: Practice, chosen: MailRoute, who: Who) -> None:
    MailRoute.objects.all().delete()
    chosen.practice = practice
    chosen.save(force_insert=True)
    record(Action.MAIL_ROUTE_CHANGED, who=who)


def _relay() -> Server:
    relay = settings.MAIL_RELAY
    if mail_relay() is None:
        raise RouteRefused(_("This installation has no mail relay."))
    return Server(
        host=relay["host"],
        port=relay["port"],
        security=MailRoute.Security(relay["security"]),
        username=relay["username"],
        password=relay["password"],
    )


def _own(chosen: MailRoute) -> Server:
    if chosen.carrier != Carrier.OWN or chosen.port is None:
        raise RouteRefused(_("The practice has no mail server of its own any more."))
    return Server(
        host=chosen.host,
        port=chosen.port,
        security=MailRoute.Security(chosen.security),
        username=chosen.username,
        password=chosen.password.open(unlock_secrets()) if chosen.password else "",
        inside=_inside(),
    )


def _inside() -> bool:
    """On an installation of its own the practice decides what is in its network."""
    return settings.EMBEDDED and not settings.SANDBOX_ORIGINS
