"""Finding a scan by its number, a first name, an address or a day; never by parts of a name."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from audit.access import record_access
from audit.chain import OPERATOR
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from reports.domain.listing import Filters, list_scans
from scans.domain.identity import correct_identity
from scans.models import Connection, Scan
from tests.reports.rows import add_row

SHORTLY_BEFORE_MIDNIGHT = datetime(2026, 7, 3, 21, 59, tzinfo=UTC)  # in Berlin
MIDNIGHT = datetime(2026, 7, 3, 22, 0, tzinfo=UTC)


def found(text: str) -> list[str]:
    return sorted(scan.scan_identifier for scan in list_scans(Filters(search=text)).scans)


def person(scan: Scan, first_name: str, email: str = "") -> None:
    access = record_access(Action.SCAN_VIEWED, who=OPERATOR, object_id=scan.pk)
    correct_identity(scan=scan, first_name=first_name, email=email, who=OPERATOR, access=access)


@pytest.mark.usefixtures("scope")
def test_a_number_is_found_by_its_beginning_whatever_its_case(account: Connection) -> None:
    for identifier in ("ISE-2026-001", "ISE-2026-002", "ISE-2025-001"):
        add_row(account, identifier)
    assert found("ise-2026") == ["ISE-2026-001", "ISE-2026-002"]
    assert found("2026") == []


@pytest.mark.usefixtures("scope")
@pytest.mark.parametrize("text", ["%", "_", "ISE%", "I_E", "\\"])
def test_signs_of_the_database_are_plain_letters(account: Connection, text: str) -> None:
    add_row(account, "ISE-1")
    assert found(text) == []


@pytest.mark.usefixtures("scope")
def test_a_first_name_is_found_whole_and_whatever_its_case(account: Connection) -> None:
    person(add_row(account, "A"), "Testperson Ä")
    person(add_row(account, "B"), "Testperson")
    assert found("testperson ä") == ["A"]
    assert found("Testperson") == ["B"]
    assert found("Testp") == []


@pytest.mark.usefixtures("scope")
def test_an_address_is_found_whole(account: Connection) -> None:
    person(add_row(account, "A"), "", "patient@example.org")
    person(add_row(account, "B"), "", "other@example.org")
    assert found("Patient@example.org ".strip()) == ["A"]
    assert found("@example.org") == []


@pytest.mark.usefixtures("scope")
def test_a_day_is_one_of_berlin(account: Connection) -> None:
    add_row(account, "third", captured_at=SHORTLY_BEFORE_MIDNIGHT)
    add_row(account, "fourth", captured_at=MIDNIGHT)
    assert found("3.7.2026") == ["third"]
    assert found("2026-07-04") == ["fourth"]


def test_the_same_name_in_another_practice_is_another_practice_s(
    account: Connection, practice: Practice
) -> None:
    with practice_scope(practice.pk):
        person(add_row(account, "A"), "Testperson Ä")
    another = create_practice(name="Another practice", email="another@example.org")
    with practice_scope(another.pk):
        assert found("Testperson Ä") == []
        assert found("A") == []


def test_what_was_searched_stands_in_the_field_and_nowhere_else(
    client: Client, staff_user: User, account: Connection
) -> None:
    client.force_login(staff_user)
    page = client.get("/en/scans/", {"q": "<b>none</b>"}).content.decode()
    assert 'value="&lt;b&gt;none&lt;/b&gt;"' in page
    assert "<b>none</b>" not in page
