"""What a practice accepted stays there for good, as it was, whatever comes later."""

import hashlib

import pytest
from django.template.defaultfilters import date as date_filter
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dermalia.tenancy import practice_scope
from onboarding.domain.acceptance import accept, accepted, newer_waits
from onboarding.models import Acceptance
from practices.domain.secrecy import PLEDGE
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from tests.conftest import superuser_connection
from tests.onboarding.conftest import accept_all, signing

pytestmark = [pytest.mark.joining, pytest.mark.usefixtures("quick_documents")]


@pytest.fixture
def first(staff_user: User) -> Acceptance:
    with practice_scope(staff_user.practice_id):
        return accept_all(staff_user)


def url(row: Acceptance, language: str = "en") -> str:
    return f"/{language}/agreement/{row.pk}/"


def move(settings: Settings) -> None:
    """Another edition of the agreement."""
    settings.OPERATOR = {**settings.OPERATOR, "street": "Neue Straße 99"}


def test_every_acceptance_keeps_its_texts_letter_for_letter_with_their_hashes(
    first: Acceptance, staff_user: User, client: Client, settings: Settings
) -> None:
    client.force_login(staff_user)
    before = client.get(url(first)).content.decode()
    move(settings)
    with practice_scope(staff_user.practice_id):
        second = accept(signing(staff_user))
    after = client.get(url(first)).content.decode()
    for text in (first.agreement, first.measures, first.processors):
        assert text.body in before
        assert text.body in after
        assert hashlib.sha256(text.body.encode()).hexdigest() in after
    assert "Neue Straße 99" not in after
    assert "Neue Straße 99" in client.get(url(second)).content.decode()
    assert hashlib.sha256(bytes(first.document)).hexdigest() in after
    listed = client.get("/en/agreement/").content.decode()
    assert url(first) in listed
    assert url(second) in listed


def test_it_is_shown_in_the_language_in_which_it_was_accepted(
    first: Acceptance, staff_user: User, client: Client
) -> None:
    client.force_login(staff_user)
    page = client.get(url(first, "en")).content.decode()
    assert page.count('lang="de"') >= 3
    assert first.agreement.body in page
    assert date_filter(first.accepted_at, "Y") in page


def test_a_newer_text_takes_effect_on_acceptance_alone(
    first: Acceptance, staff_user: User, client: Client, settings: Settings
) -> None:
    client.force_login(staff_user)
    move(settings)
    banner = "stays in force until you decide"
    assert banner in client.get("/en/scans/").content.decode()
    # Reading the new one is no acceptance of it.
    for kind in ("agreement", "measures", "processors"):
        client.get(f"/en/agreement/{kind}/")
    with practice_scope(staff_user.practice_id):
        held = accepted()
        assert held is not None
        assert held.pk == first.pk
        assert newer_waits()
        accept(signing(staff_user))
        assert not newer_waits()
    assert banner not in client.get("/en/scans/").content.decode()


@pytest.mark.usefixtures("committed")
def test_a_text_that_somebody_changed_in_the_database_is_no_longer_called_the_accepted_one(
    client: Client,
) -> None:
    practice: Practice = create_practice(name="Demo practice", email="practice@example.org")
    user = User.objects.create(
        email="owner@example.org",
        practice=practice,
        role="owner",
        pledge=PLEDGE,
        pledged_at=timezone.now(),
    )
    with practice_scope(practice.pk):
        row = accept_all(user)
    client.force_login(user)
    alarm = "its checksum is another"
    assert alarm not in client.get(url(row)).content.decode()
    with superuser_connection() as server:
        server.execute("SET session_replication_role = replica")
        server.execute(
            "UPDATE onboarding_legaltext SET body = body || ' ' WHERE id = %s", [row.measures_id]
        )
    assert client.get(url(row)).content.decode().count(alarm) == 1


def test_another_practice_finds_nothing(
    first: Acceptance, other_practice: Practice, staff_user: User, client: Client
) -> None:
    stranger = User.objects.create(
        email="stranger@example.org",
        practice=other_practice,
        role="owner",
        pledge=staff_user.pledge,
        pledged_at=staff_user.pledged_at,
    )
    client.force_login(stranger)
    assert client.get(url(first)).status_code == 404
