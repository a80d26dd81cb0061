"""Staff come in by a link that works once."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.domain.sign_in import issue_link
from practices.models import SignInLink, User


def enter(client: Client, secret: str) -> int:
    return client.post(f"/de/enter/{secret}/").status_code


def test_a_link_signs_in_once(client: Client, staff_user: User) -> None:
    secret = issue_link(user=staff_user)
    assert client.get(f"/de/enter/{secret}/").status_code == 200
    assert client.get("/de/scans/").status_code == 302
    assert enter(client, secret) == 302
    assert client.get("/de/scans/").status_code == 200
    assert enter(Client(), secret) == 403
    with practice_scope(staff_user.practice_id):
        entry = Entry.objects.get(action=Action.STAFF_SIGNED_IN)
    assert entry.actor_id == staff_user.pk


def test_an_expired_link_signs_nobody_in(client: Client, staff_user: User) -> None:
    secret = issue_link(user=staff_user)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(minutes=5))
    assert enter(client, secret) == 403


@pytest.mark.usefixtures("db")
def test_an_invented_link_signs_nobody_in(client: Client) -> None:
    assert enter(client, "invented") == 403


def test_an_inactive_user_is_out_at_once(client: Client, staff_user: User) -> None:
    enter(client, issue_link(user=staff_user))
    User.objects.update(is_active=False)
    assert client.get("/de/scans/").status_code == 302
    assert enter(client, issue_link(user=staff_user)) == 403


def test_signing_out_ends_the_session(client: Client, staff_user: User) -> None:
    client.force_login(staff_user)
    client.post("/de/sign-out/")
    assert client.get("/de/scans/").status_code == 302


def test_only_the_digest_of_a_link_is_kept(staff_user: User) -> None:
    secret = issue_link(user=staff_user)
    assert secret.encode() not in bytes(SignInLink.objects.get().digest)


def test_the_command_prints_a_link_that_works(
    client: Client, staff_user: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("staff_link", "STAFF@example.org")
    path = capsys.readouterr().out.strip().split("8000", 1)[1]
    assert client.post(path).status_code == 302


@pytest.mark.usefixtures("db")
def test_the_command_knows_nobody_it_was_not_told_of() -> None:
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("staff_link", "nobody@example.org")
