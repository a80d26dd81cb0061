"""Announced services that a practice has objected to: never called on its behalf (R67).

Who knows of objections stands higher in the house and registers itself at start. Only services
of ``plans()`` are asked for: everything else was in the agreement that the practice accepted.
"""

from collections.abc import Callable

from dermalia.residency import register
from dermalia.residency.announced import Planned
from dermalia.residency.services import Service
from dermalia.tenancy.acting import practice_at_work

# Takes a practice's id and a service's key: whether the practice's objection stands.
Objects = Callable[[int, str], bool]
_known: list[Objects] = []


def answer_by(objects: Objects) -> None:
    """Called once, when the applications are ready; the last one counts."""
    _known[:] = [objects]


def plan_of(key: str) -> Planned:
    """The announcement of the service called ``key``. Raises LookupError."""
    for plan in register.plans():
        if plan.service.key == key:
            return plan
    raise LookupError(f"no service {key!r} was announced")


def objects_to_host(host: str) -> bool:
    """Whether the practice at work has objected to the service that ``host`` belongs to."""
    return _objects(lambda service: register.names(service, host))


def objects_to_mail_server(host: str, port: int) -> bool:
    """The same of a server that mails are handed to."""
    return _objects(lambda service: f"{host.lower()}:{port}" in service.mail_hosts)


def _objects(meant: Callable[[Service], bool]) -> bool:
    keys = [plan.service.key for plan in register.plans() if meant(plan.service)]
    practice_id = practice_at_work()
    if not keys or practice_id is None:
        return False
    return any(objects(practice_id, key) for objects in _known for key in keys)
