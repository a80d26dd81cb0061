"""What the operator has to show: attestations of hosting, and contracts with further processors.

Both come from the settings, as the operator alone can know them:

- ``DERMALIA_C5=Hosting GmbH=2=2027-03-31,…``: provider, type of the BSI C5 attestation, last day
- ``DERMALIA_DPA_CONCLUDED=isemeco=2026-05-01,…``: key of a service in the register, day
"""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

TYPE_2 = 2  # demanded by § 393 SGB V since 1 July 2025


@dataclass(frozen=True, slots=True)
class Attestation:
    """A C5 attestation of a provider that hosts health data."""

    provider: str
    type: int
    until: date

    def holds_on(self, day: date) -> bool:
        """Whether it satisfies § 393 SGB V on a day."""
        return self.type >= TYPE_2 and day <= self.until


def attestations() -> list[Attestation]:
    """Raises ImproperlyConfigured for what cannot be read."""
    found = []
    for entry in settings.C5_EVIDENCE:
        try:
            provider, kind, until = entry.split("=")
            found.append(Attestation(provider.strip(), int(kind), date.fromisoformat(until)))
        except ValueError as error:
            raise ImproperlyConfigured(
                "DERMALIA_C5 lists provider=type=day, as in Hosting GmbH=2=2027-03-31."
            ) from error
    return found


def concluded() -> dict[str, date]:
    """Since when there is a contract with a service. Raises ImproperlyConfigured."""
    found = {}
    for entry in settings.DPA_CONCLUDED:
        try:
            key, day = entry.split("=")
            found[key.strip()] = date.fromisoformat(day)
        except ValueError as error:
            raise ImproperlyConfigured(
                "DERMALIA_DPA_CONCLUDED lists service=day, as in resend=2026-05-20."
            ) from error
    return found
