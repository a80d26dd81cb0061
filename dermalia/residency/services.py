"""What an entry of the register is made of."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

# Where the GDPR is law: the Union, and Iceland, Liechtenstein and Norway.
_EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
EEA = frozenset(_EEA.split())


class TransferBasis(StrEnum):
    """What a transfer of personal data to the service rests on (Chapter V GDPR)."""

    NONE_NEEDED = _("none needed")  # processing stays in the EU
    STANDARD_CLAUSES = _("SCC 2021/914")


@dataclass(frozen=True, slots=True)
class Clauses:
    """Standard contractual clauses that were concluded with a service.

    Attributes:
        module: 1 to 4.
        assessment: SHA-256 of the transfer impact assessment's file, in hexadecimal digits.
    """

    module: int
    concluded_on: date
    assessment: str


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
        clauses: what is on record of them, for a service abroad (``transfers.py``).
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
    clauses: Clauses | None = None

    @property
    def purposes(self) -> tuple[str, ...]:
        return (self.purpose, *self.also)

    @property
    def is_abroad(self) -> bool:
        """Whether it is in a third country, as the GDPR calls those outside the EEA."""
        return bool(self.country) and self.country not in EEA

    @property
    def basis(self) -> str:
        """What a transfer rests on, in the language in force, with module and day where known."""
        basis = gettext(self.transfer_basis.value)
        if self.clauses is None:
            return basis
        return gettext("%(basis)s, module %(module)s, of %(day)s, with an assessment") % {
            "basis": basis,
            "module": self.clauses.module,
            "day": date_format(self.clauses.concluded_on, "DATE_FORMAT"),
        }
