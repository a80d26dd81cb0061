"""What has to be on record before a service in a third country is used (R6).

``DERMALIA_SCC=isemeco=3=2026-04-15=/run/evidence/isemeco-tia.pdf,…``: key of a service in the
register, module of the standard contractual clauses (Implementing Decision (EU) 2021/914), day
on which they were concluded, file of the transfer impact assessment (clause 14).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils import timezone

from dermalia.residency.services import Clauses, Service

MODULES = frozenset({1, 2, 3, 4})  # of the clauses; a processor's own processor needs module 3
_HOW = (
    "DERMALIA_SCC lists service=module=day=file of the assessment,"
    " as in isemeco=3=2026-04-15=/run/evidence/isemeco.pdf."
)


@cache
def on_record() -> Mapping[str, Clauses]:
    """By key of the service; the files are read once, at start.

    Raises:
        ImproperlyConfigured: an entry cannot be read, has no such module, is of a day to come, or
            its file is not there or empty.
    """
    return dict(_read(entry) for entry in settings.TRANSFER_CLAUSES)


@receiver(setting_changed)
def read_anew(**_: object) -> None:
    """Forget what was read: the settings are others now."""
    on_record.cache_clear()


def with_record(service: Service) -> Service:
    """The same service, with the clauses that are on record for it."""
    return replace(service, clauses=on_record().get(service.key))


def lacks_basis(service: Service) -> bool:
    """Whether data would go to a third country with nothing on record that allows it.

    Such a service is in no list, and the guard refuses it. For trying out, where stand-ins take
    the place of every service and no patient's data are, nothing is asked for.
    """
    if settings.TRIAL or not service.is_abroad:
        return False
    return service.key not in on_record()


def _read(entry: str) -> tuple[str, Clauses]:
    try:
        key, module, day, file = (part.strip() for part in entry.split("=", 3))
        number, concluded_on = int(module), date.fromisoformat(day)
    except ValueError as error:
        raise ImproperlyConfigured(_HOW) from error
    if number not in MODULES:
        raise ImproperlyConfigured(f"The clauses have no module {number}. {_HOW}")
    if concluded_on > timezone.localdate():
        raise ImproperlyConfigured(f"DERMALIA_SCC: {key} is of a day to come, {day}.")
    return key, Clauses(number, concluded_on, _digest(key, Path(file)))


def _digest(key: str, file: Path) -> str:
    """Hexadecimal SHA-256 of the assessment, so that it can be told from a later one."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ImproperlyConfigured(f"The assessment of {key} cannot be read: {error}") from error
    if not content:
        raise ImproperlyConfigured(f"The assessment of {key}, {file}, is empty.")
    return hashlib.sha256(content).hexdigest()
