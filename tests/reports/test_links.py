"""Links: long, random, and nowhere in clear."""

import math
import re

from django.conf import settings
from pytest_django import DjangoAssertNumQueries

from audit.access import record_access
from audit.chain import SYSTEM
from audit.words import Action
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from reports.domain.links import ALPHABET, find, new_link
from reports.models import Link, Report


def link_of(report: Report) -> str:
    with practice_scope(report.practice_id):
        key = unlock(report.scan.key_id, access=record_access(Action.REPORT_VIEWED, who=SYSTEM))
        return report.link.open(key) if report.link else ""


def test_a_link_has_25_characters_and_more_than_128_bits() -> None:
    assert settings.LINK_LENGTH == 25
    assert settings.LINK_LENGTH * math.log2(len(set(ALPHABET))) > 128


def test_a_report_s_link_leads_to_it(report: Report) -> None:
    link = link_of(report)
    assert re.fullmatch(f"[{ALPHABET}]{{25}}", link)
    found = find(link)
    assert found is not None
    assert (found.practice_id, found.report_id, found.gone) == (
        report.practice_id,
        report.pk,
        False,
    )


def test_a_new_link_ends_the_old_one(report: Report) -> None:
    old = link_of(report)
    with practice_scope(report.practice_id):
        new = new_link(report=report)
    before, after = find(old), find(new)
    assert before is not None
    assert after is not None
    assert (before.gone, after.gone) == (True, False)


def test_the_look_up_table_holds_no_link(report: Report) -> None:
    stored = Link.objects.get()
    assert link_of(report).encode() not in bytes(stored.digest)
    assert len(bytes(stored.digest)) == 32


def test_known_and_unknown_links_cost_one_query_each(
    report: Report, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for text in (link_of(report), "x" * 25, "ü", ""):
        with django_assert_num_queries(1):
            find(text)
