"""The services this application talks to: the source of the guard and of every public list."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from dermalia.residency.announced import CARRIES_MAIL, RELAY, Planned, announced
from dermalia.residency.hosting import hosting
from dermalia.residency.services import EEA, Service, TransferBasis
from dermalia.residency.transfers import lacks_basis, with_record

HTTPS_PORT = 443

SERVICES: tuple[Service, ...] = (
    Service(
        key="isemeco",
        entity="Meiquc (Isemeco)",
        country="CN",
        purpose=_("Scanner's own cluster in the EU region of Aliyun: scans are read from it once"),
        hosts=("eu.isemeco.com",),
        transfer_basis=TransferBasis.STANDARD_CLAUSES,
    ),
    Service(
        key="resend",
        entity="Resend (Plus Five Five, Inc.)",
        country="US",
        purpose=CARRIES_MAIL,
        hosts=("api.resend.com",),
        transfer_basis=TransferBasis.STANDARD_CLAUSES,
    ),
    Service(
        key="aws-kms",
        entity="Amazon Web Services EMEA SARL",
        country="LU",
        purpose=_(
            "Wraps practices' keys in Frankfurt, where an installation chose it; sees no data"
        ),
        hosts=("kms.eu-central-1.amazonaws.com",),
        transfer_basis=TransferBasis.NONE_NEEDED,
    ),
)

# Services to come, and those that came later on: an entry stays here after its day, as practices
# may have objected to it (dermalia/residency/objections.py).
PLANNED: tuple[Planned, ...] = ()


def services() -> tuple[Service, ...]:
    """Every service of this installation; the list that documents and public pages are made of."""
    relay = mail_relay()
    return (*hosting(), *_in_force(), *(() if relay is None else (relay,)))


def companies() -> tuple[Service, ...]:
    """Those of them that are somebody else: all but a machine of the operator's own."""
    return tuple(entry for entry in services() if entry.country)


def to_come() -> tuple[Planned, ...]:
    """Services that practices have been, or are to be, told of, and that are not used yet."""
    if settings.LOCAL:
        return ()
    return tuple(plan for plan in plans() if plan.valid_from > timezone.localdate())


def plans() -> tuple[Planned, ...]:
    """Every announcement: of the code's services and of the operator's companies."""
    return (*PLANNED, *announced())


def _in_force() -> tuple[Service, ...]:
    """Services that may be called: of those abroad, only what has its clauses on record (R6)."""
    return tuple(with_record(entry) for entry in _known() if not lacks_basis(entry))


def _known() -> tuple[Service, ...]:
    """Those that the code can call."""
    if settings.LOCAL:
        return ()  # a practice's own server calls nobody but the practice's mail server
    today = timezone.localdate()
    return (*SERVICES, *(plan.service for plan in PLANNED if plan.valid_from <= today))


def without_basis() -> tuple[Service, ...]:
    """Services that are not in use for want of clauses on record."""
    return tuple(entry for entry in _known() if lacks_basis(entry))


def service(key: str) -> Service:
    """The entry called ``key``, be it in use or wanting its basis. Raises LookupError."""
    for entry in (*services(), *without_basis()):
        if entry.key == key:
            return entry
    raise LookupError(f"the register has no {key!r}")


def mail_relay() -> Service | None:
    """The operator's SMTP relay, where one is set up and its announced day has come.

    Raises:
        ImproperlyConfigured: it is outside the European Economic Area, or nobody says where.
    """
    relay = settings.MAIL_RELAY
    if not relay or _is_awaited(relay["entity"]):
        return None
    if relay["country"] not in EEA or not relay["entity"]:
        raise ImproperlyConfigured(
            "DERMALIA_MAIL_RELAY_ENTITY and _COUNTRY must name who runs the relay, in the EEA."
        )
    return Service(
        key=RELAY,
        entity=relay["entity"],
        country=relay["country"],
        purpose=CARRIES_MAIL,
        hosts=(),  # spoken to by SMTP, never by https
        transfer_basis=TransferBasis.NONE_NEEDED,
        mail_hosts=(f"{relay['host'].lower()}:{relay['port']}",),
    )


def _is_awaited(relay: str) -> bool:
    plans = [plan for plan in to_come() if plan.part == RELAY]
    return any(plan.service.entity == relay for plan in plans)


def own_mail_server() -> Service:
    """What stands in the documents of a practice that sends by its own server."""
    return Service(
        key="own",
        entity=_("The practice's own mail server"),
        country="",  # the practice knows
        purpose=_("Sends the e-mail with the link, as all of the practice's mail"),
        hosts=(),
        transfer_basis=TransferBasis.NONE_NEEDED,
    )


def admits(host: str) -> bool:
    """Whether the register names ``host``."""
    name = host.lower().removesuffix(".")
    if not host.isascii():  # some signs of other scripts become our letters when made small
        return False
    return any(_matches(name, pattern) for entry in _in_force() for pattern in entry.hosts)


def names(entry: Service, host: str) -> bool:
    """Whether ``host`` is one of the entry's."""
    name = host.lower().removesuffix(".")
    return any(_matches(name, pattern) for pattern in entry.hosts)


def admits_mail(host: str, port: int) -> bool:
    """Whether the register names ``host`` and ``port`` as a server that mails are handed to."""
    return any(f"{host.lower()}:{port}" in entry.mail_hosts for entry in services())


def mail_servers() -> frozenset[tuple[str, int]]:
    """Host and port of every server of the register that mails are handed to."""
    relay = mail_relay()
    named = (*_in_force(), *(() if relay is None else (relay,)))
    pairs = (each.rpartition(":") for entry in named for each in entry.mail_hosts)
    return frozenset((host, int(port)) for host, _, port in pairs)


def _matches(host: str, pattern: str) -> bool:
    if not pattern.startswith("*."):
        return host == pattern
    label, _, rest = host.partition(".")
    return bool(label) and rest == pattern[2:]
