"""Connections that the guard refused, written down where no restart loses them."""

from collections.abc import Mapping

from django.db import connections

from audit.chain import SYSTEM, record
from audit.words import Action, Count
from operators.domain.log import no_practice, object_id


def write_down(refused: Mapping[str, int]) -> None:
    """An entry for each destination, in the chain of no practice, with how often it was tried.

    The destination stands there as an id made of its name: the log holds
    words, ids and numbers only. Its name is in the process's own log, at the same time. Called in
    a thread that has nothing else to do.
    """
    try:
        with no_practice():
            for destination, times in refused.items():
                record(
                    Action.CONNECTION_REFUSED,
                    who=SYSTEM,
                    object_id=object_id("residency.destination", destination),
                    counts={Count.FAILURES: times},
                )
    finally:
        connections.close_all()
