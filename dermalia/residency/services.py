"""What an entry of the register is made of."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop as _

# Where the GDPR is law: the Union, and Iceland, Liechtenstein and Norway.
_EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
EEA = frozenset(_EEA.split())


class TransferBasis(StrEnum):
    """What a transfer of personal data to the service rests on (Chapter V GDPR)."""

    NONE_NEEDED = _("none needed")  # processing stays in the EU
    STANDARD_CLAUSES = _("SCC 2021/914")


@dataclass(frozen=True, slots=True)
class Service:
    """One outside service in the way of the data.

    Attributes:
        hosts: exact host names the process may open https connections to; a leading ``*.``
            stands for one label.
        country: ISO 3166 code of the country of establishment; empty for nobody else's.
        also: further purposes of the same company.
        mail_hosts: ``host:port`` of servers that mails are handed to by SMTP.
        region: where the operator has declared its machines to be, for those that host.
    """

    key: str
    entity: str
    country: str
    purpose: str
    hosts: tuple[str, ...]
    transfer_basis: TransferBasis
    mail_hosts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    region: str = ""

    @property
    def purposes(self) -> tuple[str, ...]:
        return (self.purpose, *self.also)
