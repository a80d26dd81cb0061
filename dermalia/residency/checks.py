"""System checks: hosts that the settings name are where, and reached as, the register says.

Run by ``manage.py check`` and before each command; web, workers and beat refuse to start over
them (``dermalia/boot.py``). Database and storage libraries connect by themselves: what the guard
cannot see of them is settled here.
"""

import re
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured

from dermalia.residency.announced import RELAY
from dermalia.residency.endpoints import Endpoint, Part, endpoints
from dermalia.residency.hosting import PARTS, hosting
from dermalia.residency.regions import FRANKFURT
from dermalia.residency.register import mail_relay, without_basis

# A region as AWS and those who copy its names write it, anywhere in a host name.
_REGION = re.compile(r"(?<![a-z0-9])[a-z]{2}(?:-[a-z]+)+-\d(?![0-9])")
# Names of AWS that say no region lead to the United States.
_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".aws.dev", ".api.aws")
_VARIABLES = {
    Part.DATABASE: "DERMALIA_DATABASE_URL and its kin",
    Part.CACHE: "DERMALIA_REDIS_URL and DERMALIA_CACHE_URL",
    Part.OBJECTS: "DERMALIA_S3_ENDPOINT",
    Part.BACKUPS: "DERMALIA_S3_BACKUP_ENDPOINT",
    Part.KEYS: "DERMALIA_KMS_ENDPOINT",
}
_CLAUSES = "Conclude them and assess the transfer, then add {key}=MODULE=DAY=FILE to DERMALIA_SCC."
_ENCRYPTED_BY = {
    Part.DATABASE: "add ?sslmode=verify-full to the URL",
    Part.CACHE: "begin the URL with rediss://",
}


def check_residency(*_: object, **__: object) -> Sequence[CheckMessage]:
    """Everything that is wrong with where the parts of this installation are."""
    return list(faults())


def check_contracts(*_: object, **__: object) -> Sequence[CheckMessage]:
    """For ``manage.py check --deploy``: contracts that going live with patients will ask for."""
    concluded = {entry.partition("=")[0].strip() for entry in settings.DPA_CONCLUDED}
    return [
        Caution(
            f"The contract with {entry.entity} ({entry.key}) is not concluded: no practice can"
            " go live.",
            hint=f"Once it is, add {entry.key}=YYYY-MM-DD to DERMALIA_DPA_CONCLUDED.",
            id="residency.W001",
        )
        for entry in hosting()
        if entry.country and entry.key not in concluded
    ] + [
        Caution(
            f"{entry.entity} ({entry.key}) is in {entry.country}, and no clauses are on record:"
            " it is not called, and no list names it.",
            hint=_CLAUSES.format(key=entry.key),
            id="residency.W002",
        )
        for entry in without_basis()
    ]


def require_sound_places() -> None:
    """Raises ``ImproperlyConfigured`` with every fault's sentence and hint."""
    found = list(faults())
    if found:
        raise ImproperlyConfigured(" ".join(f"{fault.msg} {fault.hint}" for fault in found))


def faults() -> Iterator[Error]:
    if settings.EMBEDDED:
        return  # sockets of this machine's own
    for endpoint in sorted(endpoints(), key=lambda each: (each.part, each.host)):
        yield from _region(endpoint)
        yield from _encryption(endpoint)
    yield from _backups_elsewhere()
    yield from _carrier_abroad()
    yield from _relay_before_its_day()


def _region(endpoint: Endpoint) -> Iterator[Error]:
    named = set(_REGION.findall(endpoint.host))
    wrong = sorted(named - FRANKFURT)
    if wrong:
        yield _error(
            1,
            f"The {endpoint.part} is at {endpoint.host}, which is in {', '.join(wrong)}.",
            f"Name one in Frankfurt: {_VARIABLES[endpoint.part]}.",
        )
    elif not named and endpoint.host.endswith(_AWS):
        yield _error(
            2,
            f"The {endpoint.part} is at {endpoint.host}, which does not say its region.",
            f"Name the host of eu-central-1: {_VARIABLES[endpoint.part]}.",
        )


def _encryption(endpoint: Endpoint) -> Iterator[Error]:
    if endpoint.encrypted or endpoint.is_next_door:
        return
    yield _error(
        3,
        f"Connections to the {endpoint.part} at {endpoint.host} are not encrypted.",
        f"{_VARIABLES[endpoint.part]}: {_ENCRYPTED_BY.get(endpoint.part, 'name an https URL')}."
        " Only a host in the installation's own network, by a name without dots, may do without.",
    )


def _backups_elsewhere() -> Iterator[Error]:
    """Another endpoint is somebody else's as a rule, and must not pass for the first one's."""
    hosts = {
        part: {each.host for each in endpoints() if each.part == part}
        for part in (Part.OBJECTS, Part.BACKUPS)
    }
    if hosts[Part.BACKUPS] <= hosts[Part.OBJECTS] or settings.BACKUP_STORAGE_STATED:
        return
    yield _error(
        4,
        f"Backups go to {', '.join(sorted(hosts[Part.BACKUPS]))}, and nobody says whose that is.",
        f"Set {PARTS['backup-storage'][0]}_ENTITY and _COUNTRY, even if it is the same company.",
    )


def _carrier_abroad() -> Iterator[Error]:
    """Without a carrier no patient is written to: better not to start than to find out later."""
    for entry in without_basis():
        if entry.key == settings.MAIL_CARRIER:
            yield _error(
                5,
                f"Mails go by {entry.entity}, which is in {entry.country}, and no clauses are on"
                " record for it (Art. 46 GDPR).",
                _CLAUSES.format(key=entry.key) + " Or choose another DERMALIA_MAIL_CARRIER.",
            )


def _relay_before_its_day() -> Iterator[Error]:
    if settings.MAIL_CARRIER == RELAY and mail_relay() is None:
        yield _error(
            6,
            f"Mails go by {settings.MAIL_RELAY['entity']}, which is announced for a day to come.",
            "Choose the DERMALIA_MAIL_CARRIER of before until that day.",
        )


def _error(number: int, sentence: str, hint: str) -> Error:
    return Error(sentence, hint=hint, id=f"residency.E{number:03}")
