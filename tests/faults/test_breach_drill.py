"""The drill: a way in is found; whom it touches and what to tell them is known in minutes.

The incident is seeded: one member of staff's session of one practice and one stretch of time among
many entries of many practices. It runs with every change, so more often than once a quarter.
"""

import io
import json
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connections
from django.test.utils import CaptureQueriesContext

from audit.models import Entry
from audit.words import Action, Actor
from dermalia.tenancy import practice_scope
from operators.domain.affected import Trail, follow
from operators.domain.drafts import LEFT_OPEN, draft
from practices.domain.tenants import create_practice
from practices.models import Practice
from scans.models import Scan
from tests.conftest import superuser_connection
from tests.retention.rows import add_reports
from tests.tenancy.test_scope import make_scan

PRACTICES, ENTRIES_EACH = 40, 2500
MINUTES_ALLOWED = 5
REPORTS = 3
THIEF = 4711
NIGHT = datetime(2026, 3, 7, 2, tzinfo=UTC)
SUNRISE = NIGHT + timedelta(hours=4)


@pytest.fixture
def practices(committed: None) -> list[Practice]:
    return [
        create_practice(name=f"Demo practice {n}", email=f"p{n}@example.org")
        for n in range(PRACTICES)
    ]


@pytest.fixture
def touched(practices: list[Practice]) -> list[Practice]:
    """Two practices whose reports somebody looked at in one night."""
    for practice in practices[3:5]:
        with practice_scope(practice.pk):
            account = make_scan(practice).connection
            Scan.objects.all().delete()
        add_reports(account, REPORTS, due_in=100)
    return practices[3:5]


@pytest.fixture
def log(practices: list[Practice], touched: list[Practice]) -> int:
    """A busy year of every practice, and the incident in it; how many entries there are.

    Written behind the chain's back: what is looked at is the search, not the proof.
    """
    with superuser_connection() as server:
        server.execute("SET session_replication_role = replica")
        for practice in practices:
            server.execute(
                "INSERT INTO audit_entry"
                " (practice_id, sequence, at, actor, action, object_id, counts, hash)"
                " SELECT %s, 1000000 + n, %s - n * interval '3 hours', 'patient',"
                " 'report.viewed', gen_random_uuid(), '{}', ''"
                " FROM generate_series(1, %s) n",
                [practice.pk, NIGHT - timedelta(hours=12), ENTRIES_EACH],
            )
        for practice in touched:
            for n, scan in enumerate(scans_of(practice)):
                server.execute(
                    "INSERT INTO audit_entry"
                    " (practice_id, sequence, at, actor, actor_id, action, object_id, counts, hash)"
                    " VALUES (%s, %s, %s, 'staff', %s, 'scan.viewed', %s, '{}', '')",
                    [practice.pk, 2000000 + n, NIGHT + timedelta(minutes=n), THIEF, scan],
                )
        server.execute("ANALYZE audit_entry")
    return PRACTICES * ENTRIES_EACH


def scans_of(practice: Practice) -> list[UUID]:
    with practice_scope(practice.pk):
        return list(Scan.objects.order_by("scan_identifier").values_list("pk", flat=True))


def run(*words: str) -> str:
    said = io.StringIO()
    span = ["--since", f"{NIGHT:%Y-%m-%dT%H:%M%z}", "--until", f"{SUNRISE:%Y-%m-%dT%H:%M%z}"]
    call_command("incident_affected", *span, *words, stdout=said)
    return said.getvalue()


def test_practices_and_numbers_are_known_in_minutes(log: int, touched: list[Practice]) -> None:
    with CaptureQueriesContext(connections["admin"]) as asked:
        began = time.monotonic()
        rows = json.loads(run("--actor", "staff", "--actor-id", str(THIEF), "--json"))
        took = time.monotonic() - began
    assert [(row["practice"], row["reports"]) for row in rows] == [
        (practice.pk, REPORTS) for practice in touched
    ]
    # One question, however long the log is: what is left of five minutes is for the log's growth.
    assert len([query for query in asked if "audit_entry" in query["sql"]]) == 1
    assert took < MINUTES_ALLOWED * 60
    for practice in touched:
        with practice_scope(practice.pk):
            assert Entry.objects.filter(action=Action.INCIDENT_TRACED).count() == 1


def test_what_is_asked_grows_with_practices_touched_and_not_with_the_log(
    log: int, touched: list[Practice]
) -> None:
    trail = Trail(since=NIGHT, until=SUNRISE, actor=Actor.STAFF, actor_id=THIEF)
    with CaptureQueriesContext(connections["admin"]) as few:
        found = follow(trail)
    assert [each.entries for each in found] == [REPORTS] * len(touched)
    with CaptureQueriesContext(connections["admin"]) as many:
        everything = follow(Trail(since=NIGHT - timedelta(days=400), until=SUNRISE))
    assert sum(each.entries for each in everything) > log
    assert len(everything) == PRACTICES
    assert len(few) == len(many) == 1


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_notice_is_drafted_with_it(log: int, touched: list[Practice], language: str) -> None:
    told = run("--draft", language)
    assert f"{len(touched)} practices, {REPORTS * len(touched)} reports." in told
    for words in draft(language).values():
        assert words in told
    assert LEFT_OPEN in told  # and no notice goes out while it is in there
