"""The services this application talks to: the source of the guard and of every public list."""

from dataclasses import dataclass
from enum import StrEnum


class TransferBasis(StrEnum):
    """What a transfer of personal data to the service rests on (Chapter V GDPR)."""

    NONE_NEEDED = "none needed"  # processing stays in the EU
    STANDARD_CLAUSES = "SCC 2021/914"


@dataclass(frozen=True, slots=True)
class Service:
    """One outside service in the way of the data.

    Attributes:
        hosts: exact host names the process may open https connections to; a leading ``*.``
            stands for one label.
        country: ISO 3166 code of the country of establishment.
    """

    key: str
    entity: str
    country: str
    purpose: str
    hosts: tuple[str, ...]
    transfer_basis: TransferBasis


SERVICES: tuple[Service, ...] = (
    Service(
        key="isemeco",
        entity="Meiquc (Isemeco)",
        country="CN",
        purpose="Scanner's own cluster in the EU region of Aliyun: scans are read from it once",
        hosts=("eu.isemeco.com",),
        transfer_basis=TransferBasis.STANDARD_CLAUSES,
    ),
    Service(
        key="resend",
        entity="Resend (Plus Five Five, Inc.)",
        country="US",
        purpose="Sends the e-mail with the link; no health data in it",
        hosts=("api.resend.com",),
        transfer_basis=TransferBasis.STANDARD_CLAUSES,
    ),
    Service(
        key="aws-kms",
        entity="Amazon Web Services EMEA SARL",
        country="LU",
        purpose="Wraps practices' keys in Frankfurt, where an installation chose it; sees no data",
        hosts=("kms.eu-central-1.amazonaws.com",),
        transfer_basis=TransferBasis.NONE_NEEDED,
    ),
)


def admits(host: str) -> bool:
    """Whether the register names ``host``."""
    name = host.lower().removesuffix(".")
    if not host.isascii():  # some signs of other scripts become our letters when made small
        return False
    return any(_matches(name, pattern) for service in SERVICES for pattern in service.hosts)


def _matches(host: str, pattern: str) -> bool:
    if not pattern.startswith("*."):
        return host == pattern
    label, _, rest = host.partition(".")
    return bool(label) and rest == pattern[2:]
