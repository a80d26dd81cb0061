"""The practice of this server: taken in once, its mail server and folder changed as asked."""

from pathlib import Path

from django.db import transaction

from audit.chain import OPERATOR
from dermalia.embedded.local import LocalSetup
from dermalia.local.answers import Answers
from dermalia.local.errors import SetupRefused
from dermalia.mail import AddressRefused, clean_address
from dermalia.tenancy import practice_scope
from practices.domain.factors import has_factor
from practices.domain.team import EmailTaken, link_for, take_in
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from reports.mail.models import Carrier, MailRoute
from reports.mail.provider import NotTaken
from reports.mail.routes import OwnServer, own_password, route, use_own_server
from scans.domain.sources import watch
from scans.folder import FolderUnavailable
from scans.folder.aside import require_writable
from scans.folder.names import is_plain
from scans.models import Connection

_SMTP = ("smtp_host", "smtp_port", "smtp_security", "smtp_user", "smtp_password_file", "sender")
_PORTS = {MailRoute.Security.TLS: 465, MailRoute.Security.STARTTLS: 587}


def prepare_practice(setup: LocalSetup, answers: Answers) -> Practice:
    """The one practice of this server, with its folder and its mail server as they are to be.

    Raises:
        SetupRefused: an answer is missing or wrong, or the mail server cannot be used; what was
            there before stays as it was.
    """
    practice = _the_practice(answers) or _taken_in(answers)
    _use_mail_server(practice, answers)
    with practice_scope(practice.pk):
        _watch(practice, Path(setup.folder).name)
    return practice


def owners_link(practice: Practice) -> str | None:
    """A new one-time link for the first owner; None once an owner can sign in."""
    with practice_scope(practice.pk):
        owners = list(
            User.objects.select_related("practice")
            .filter(practice=practice, role=User.Role.OWNER, is_active=True)
            .order_by("pk")
        )
        if not owners or any(has_factor(owner) for owner in owners):
            return None
        return link_for(owners[0], by=OPERATOR)


def require_usable_folder(folder: Path) -> None:
    """Raises SetupRefused unless exports can be read from the folder and moved aside in it."""
    if not is_plain(folder.name):
        raise SetupRefused(
            f"The folder {folder.name!r} needs a name of letters, digits, - and _ (up to 64)."
        )
    try:
        require_writable(folder)
    except FolderUnavailable as error:
        raise SetupRefused(f"{folder}: {error}") from error


def _the_practice(answers: Answers) -> Practice | None:
    found = list(Practice.objects.order_by("pk")[:2])
    if len(found) > 1:
        raise SetupRefused("This data folder holds several practices: --local is for one.")
    if not found:
        return None
    name = answers.given("practice")
    if name and name != found[0].name:
        raise SetupRefused(
            f"This data folder belongs to {found[0].name!r}. Its name is changed on its settings "
            "page; for another practice choose another folder (DERMALIA_DATA)."
        )
    return found[0]


def _taken_in(answers: Answers) -> Practice:
    said = answers.require("practice", "email", "owner", "smtp_host", "smtp_user", "sender")
    try:
        email = clean_address(said["email"])
        with transaction.atomic():
            practice = create_practice(
                name=said["practice"], email=email, language=answers.given("language") or "de"
            )
            with practice_scope(practice.pk):
                take_in(practice=practice, email=said["owner"], role=User.Role.OWNER, by=OPERATOR)
    except AddressRefused as refused:
        raise SetupRefused(str(refused)) from refused
    except EmailTaken as taken:
        raise SetupRefused("Somebody signs in with this address already.") from taken
    return practice


def _use_mail_server(practice: Practice, answers: Answers) -> None:
    with practice_scope(practice.pk):
        known = route()
        has_server = known.carrier == Carrier.OWN and known.host != ""
        if has_server and not answers.any_given(*_SMTP):
            return
        wanted = _wanted(known, answers)
        # A server that is down for a moment must not keep this one from starting.
        if has_server and wanted == _as_entered(known):
            return
    try:
        use_own_server(practice=practice, server=wanted, who=OPERATOR, name=known.sender_name)
    except NotTaken as refused:
        raise SetupRefused(f"The mail server was not taken over: {refused}") from refused


def _wanted(known: MailRoute, answers: Answers) -> OwnServer:
    host = answers.given("smtp_host") or known.host or answers.require("smtp_host")["smtp_host"]
    user = answers.given("smtp_user") or known.username
    sender = answers.given("sender") or known.address
    security = MailRoute.Security(
        answers.given("smtp_security") or known.security or MailRoute.Security.STARTTLS
    )
    port = answers.given("smtp_port") or (known.port if host == known.host else None)
    kept = own_password(host=host) if user == known.username else ""
    said = answers.password() if not kept or answers.given("smtp_password_file") else kept
    if not said:
        raise SetupRefused("Please say --smtp-password-file, or start this at a terminal.")
    return OwnServer(
        address=_address(sender or answers.require("sender")["sender"]),
        host=host,
        port=int(port or _PORTS[security]),
        security=security,
        username=user or answers.require("smtp_user")["smtp_user"],
        password=said,
    )


def _as_entered(known: MailRoute) -> OwnServer:
    return OwnServer(
        address=known.address,
        host=known.host,
        port=known.port or 0,
        security=MailRoute.Security(known.security),
        username=known.username,
        password=own_password(host=known.host),
    )


def _address(text: str) -> str:
    try:
        return clean_address(text)
    except AddressRefused as refused:
        raise SetupRefused(str(refused)) from refused


def _watch(practice: Practice, folder: str) -> None:
    known = Connection.objects.exclude(folder="").first()
    if known is None:
        watch(practice=practice, folder=folder, exports=Connection.Exports.KEEP)
    elif known.folder != folder:
        known.folder, known.rests_until, known.last_error = folder, None, ""
        known.save(update_fields=["folder", "rests_until", "last_error"])
