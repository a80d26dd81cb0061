"""Writing chains, and changing them behind the application's back."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from audit.canonical import GENESIS, digest
from audit.chain import SYSTEM, record
from audit.models import Entry
from audit.words import Action, Count
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from tests.conftest import superuser_connection


def two_practices() -> tuple[Practice, Practice]:
    return (
        create_practice(name="Demo practice", email="practice@example.org"),
        create_practice(name="Another practice", email="another@example.org"),
    )


def write_entries(practice: Practice, count: int) -> None:
    """So many entries, each in a transaction of its own."""
    for _ in range(count):
        with practice_scope(practice.pk):
            record(Action.SCAN_VIEWED, who=SYSTEM, counts={Count.OBJECTS: 1})


@contextmanager
def tampering() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A superuser's connection on which no trigger fires and no policy holds."""
    with superuser_connection() as server:
        server.execute("SET session_replication_role = replica")
        yield server


def cut_off(practice: Practice, *, after: int) -> None:
    """Truncate a chain and make its head fit."""
    with tampering() as server:
        server.execute(
            "DELETE FROM audit_entry WHERE practice_id = %s AND sequence > %s",
            [practice.pk, after],
        )
        server.execute(
            "UPDATE audit_head SET sequence = %(after)s, hash = coalesce((SELECT hash"
            " FROM audit_entry WHERE practice_id = %(practice)s AND sequence = %(after)s),"
            " %(none)s) WHERE practice_id = %(practice)s",
            {"practice": practice.pk, "after": after, "none": GENESIS},
        )


def rewrite(practice: Practice, *, since: int) -> None:
    """Change one entry, and give it and all after it hashes that fit, the head too."""
    with practice_scope(practice.pk):
        entries = list(Entry.objects.order_by("sequence"))
    previous = bytes(entries[since - 2].hash) if since > 1 else GENESIS
    entries[since - 1].actor_id = 4711
    with tampering() as server:
        for entry in entries[since - 1 :]:
            previous = digest(previous, entry)
            server.execute(
                "UPDATE audit_entry SET actor_id = %s, hash = %s WHERE id = %s",
                [entry.actor_id, previous, entry.pk],
            )
        server.execute(
            "UPDATE audit_head SET hash = %s WHERE practice_id = %s", [previous, practice.pk]
        )
