"""No page opens to whoever has not pledged secrecy, and the pledge is on record."""

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.domain.secrecy import PLEDGE
from practices.models import User
from tests.practices.authenticator import SoftAuthenticator
from tests.practices.conftest import is_inside, show_passkey

ASKED = "/en/secrecy/?next=%2Fen%2Fscans%2F"


@pytest.fixture
def newcomer(client: Client, staff_user: User, passkey: SoftAuthenticator) -> Client:
    """Somebody who has just signed in for the first time."""
    User.objects.filter(pk=staff_user.pk).update(pledge="", pledged_at=None)
    assert show_passkey(client, passkey).status_code == 302
    return client


@pytest.mark.parametrize("page", ["scans", "account", "desk", "team", "cases", "settings"])
def test_every_page_leads_to_the_pledge_first(newcomer: Client, page: str) -> None:
    answer = newcomer.get(f"/en/{page}/")
    assert (answer.status_code, answer["Location"]) == (302, ASKED.replace("scans", page))


def test_a_piece_of_a_page_leads_there_too(newcomer: Client) -> None:
    answer = newcomer.get("/en/scans/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/en/secrecy/"


def test_nothing_is_pledged_by_looking_or_by_pressing_the_button_alone(
    newcomer: Client, staff_user: User
) -> None:
    page = newcomer.get(ASKED)
    assert page.status_code == 200
    assert " checked" not in page.content.decode()
    assert newcomer.post("/en/secrecy/").status_code == 422
    staff_user.refresh_from_db()
    assert (staff_user.pledge, staff_user.pledged_at) == ("", None)
    assert not is_inside(newcomer)


def test_the_pledge_opens_the_page_one_was_on_the_way_to_and_is_on_record(
    newcomer: Client, staff_user: User
) -> None:
    answer = newcomer.post("/en/secrecy/", {"pledged": "on", "next": "/en/cases/"})
    assert answer.headers["Location"] == "/en/cases/"
    assert is_inside(newcomer)
    staff_user.refresh_from_db()
    assert staff_user.pledge == PLEDGE
    assert staff_user.pledged_at is not None
    newcomer.post("/en/secrecy/", {"pledged": "on"})
    with practice_scope(staff_user.practice_id):
        entry = Entry.objects.get(action=Action.STAFF_PLEDGED)
    assert (entry.actor_id, entry.object_id) == (staff_user.pk, staff_user.handle)
    again = newcomer.get("/en/secrecy/").content.decode()
    assert "pledged this on" in again
    assert 'name="pledged"' not in again


def test_another_wording_asks_everybody_again(newcomer: Client, staff_user: User) -> None:
    User.objects.filter(pk=staff_user.pk).update(pledge="2025-01", pledged_at=timezone.now())
    assert newcomer.get("/en/scans/")["Location"] == ASKED


def test_who_does_not_want_to_pledge_can_leave(newcomer: Client) -> None:
    assert newcomer.post("/en/sign-out/").headers["Location"] == "/en/signed-out/"


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_wording_says_by_what_law_one_is_bound(newcomer: Client, language: str) -> None:
    page = newcomer.get(f"/{language}/secrecy/").content.decode()
    assert "203" in page
    assert "Art. 28" in page


def test_the_team_page_says_who_has_pledged_and_when(client: Client, staff_user: User) -> None:
    client.force_login(staff_user)
    assert "secrecy pledged" in client.get("/en/team/").content.decode()
