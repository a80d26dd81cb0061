"""Who runs the machines: entries of the register that the operator's settings make."""

from dataclasses import replace

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_noop as _

from dermalia.residency.services import EEA, Service, TransferBasis

# Part of the installation → how its variables begin, and what is done there.
PARTS: dict[str, tuple[str, str]] = {
    "hosting": (
        "DERMALIA_HOSTING",
        _("Runs the machines of web server, workers, database and cache"),
    ),
    "storage": ("DERMALIA_STORAGE", _("Stores the sealed files")),
    "backup-storage": (
        "DERMALIA_BACKUP_STORAGE",
        _("Stores the sealed backups and the list of what was erased"),
    ),
}
_THIS_MACHINE = _("This machine")  # which no other company runs


def hosting() -> tuple[Service, ...]:
    """Whoever runs servers, object storage and backup storage; one entry for each company.

    Raises:
        ImproperlyConfigured: nobody is named, or not in the European Economic Area.
    """
    if not settings.HOSTING:
        return (this_machine(),)
    found: dict[tuple[str, str], Service] = {}
    for key in PARTS:
        entry = _entry(key)
        company = entry.entity, entry.country
        first = found.get(company)
        found[company] = entry if first is None else _joined(first, entry)
    return tuple(found.values())


def this_machine() -> Service:
    """What stands in the register where everything is on one machine of the operator's own."""
    return Service(
        key="hosting",
        entity=_THIS_MACHINE,
        country="",
        purpose=PARTS["hosting"][1],
        also=tuple(does for _prefix, does in list(PARTS.values())[1:]),
        hosts=(),
        transfer_basis=TransferBasis.NONE_NEEDED,
        region="local",
    )


def _entry(key: str) -> Service:
    prefix, does = PARTS[key]
    named = settings.HOSTING[key]
    if not named["entity"] or named["country"] not in EEA:
        raise ImproperlyConfigured(
            f"{prefix}_ENTITY must be the company that does this: {does};"
            f" {prefix}_COUNTRY its country in the EEA, as in DE."
            " A practice's own machine is run by the practice."
        )
    return Service(
        key=key,
        entity=named["entity"],
        country=named["country"],
        purpose=does,
        hosts=(),  # called by the libraries of their own, not by https sessions of ours
        transfer_basis=TransferBasis.NONE_NEEDED,
        region=named["region"],
    )


def _joined(first: Service, more: Service) -> Service:
    regions = sorted({*first.region.split(", "), more.region})
    return replace(first, also=(*first.also, more.purpose), region=", ".join(regions))
