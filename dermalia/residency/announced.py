"""Companies to come, as practices are told of them before they are used (R67).

Services that every installation calls are announced in the code (``register.PLANNED``). Whoever
runs machines or mail relay is the operator's own choice, and so is the announcement:
``DERMALIA_ANNOUNCED=relay=Mail AG=DE=2026-11-21=2026-12-25,…``: part of the installation, company,
country, day of the announcement, first day of its use.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_noop as _

from dermalia.residency.hosting import PARTS
from dermalia.residency.services import EEA, Service, TransferBasis

NOTICE = timedelta(days=30)
RELAY = "relay"
CARRIES_MAIL = _("Sends the e-mail with the link; no health data in it")
# Part of the installation → what is done there.
_TASKS = {RELAY: CARRIES_MAIL} | {part: does for part, (_prefix, does) in PARTS.items()}
_HOW = (
    "DERMALIA_ANNOUNCED lists part=company=country=day of the announcement=first day of use,"
    " as in relay=Mail AG=DE=2026-11-21=2026-12-25. Parts: " + ", ".join(_TASKS) + "."
)


@dataclass(frozen=True, slots=True)
class Planned:
    """A service that practices are told of before it is used (R67).

    Until ``valid_from`` the guard does not admit it, and no list counts it among the others.
    Raises ImproperlyConfigured where practices would have less than ``NOTICE``.

    Attributes:
        part: what the operator replaces by it; empty for a service that the code calls.
    """

    service: Service
    announced_on: date
    valid_from: date
    part: str = ""

    def __post_init__(self) -> None:
        if self.valid_from - self.announced_on < NOTICE:
            raise ImproperlyConfigured(
                f"{self.service.entity} is announced too late: practices have {NOTICE.days} days."
            )

    @property
    def is_ground(self) -> bool:
        """Whether every practice's data would be with it: none can be kept from it alone."""
        return self.part in PARTS


def announced() -> tuple[Planned, ...]:
    """What the operator has announced, in the order of the setting. Raises ImproperlyConfigured."""
    return tuple(_read(entry) for entry in settings.ANNOUNCED)


def _read(entry: str) -> Planned:
    try:
        part, entity, country, told, begins = (each.strip() for each in entry.split("="))
        announced_on, valid_from = date.fromisoformat(told), date.fromisoformat(begins)
        task = _TASKS[part]
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(_HOW) from error
    if not entity or country not in EEA:
        raise ImproperlyConfigured(f"{part} must be with a company in the EEA. {_HOW}")
    service = Service(
        key=f"{part}-{valid_from}",  # the part may be given to another one day
        entity=entity,
        country=country,
        purpose=task,
        hosts=(),
        transfer_basis=TransferBasis.NONE_NEEDED,
        mail_hosts=_mail_hosts(entity) if part == RELAY else (),
    )
    return Planned(service, announced_on, valid_from, part)


def _mail_hosts(entity: str) -> tuple[str, ...]:
    """The relay's, once it is this company's."""
    relay = settings.MAIL_RELAY
    if not relay or relay["entity"] != entity:
        return ()
    return (f"{relay['host'].lower()}:{relay['port']}",)
