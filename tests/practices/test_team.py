"""Owners decide who works in a practice, and cannot lock it."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.domain.team import LastOwner, change_role, deactivate
from practices.domain.tenants import create_practice
from practices.models import Practice, SignInLink, User
from reports.domain.staff_mail import send_staff_mail
from reports.mail.models import StaffMail
from tests.practices.conftest import WithApp, is_inside

INVITED = {"email": "colleague@example.org", "role": "staff"}


@pytest.fixture
def owner(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


def colleague_of(user: User, role: str = "staff", email: str = "colleague@example.org") -> User:
    return User.objects.create(email=email, practice_id=user.practice_id, role=role)


def link_mailed_to(user: User, mailbox: ResendStandIn) -> str:
    mail_id = SignInLink.objects.get(user=user, used_at=None).mail_id
    assert mail_id is not None
    send_staff_mail(practice_id=user.practice_id, mail_id=mail_id)
    mail = mailbox.mails[-1]
    assert mail.to == (user.email,)
    found = re.search(rf"{re.escape(settings.PUBLIC_URL)}(/\w+/enter/\S+/)", mail.text or "")
    assert found is not None
    return found[1]


def test_an_invitation_comes_by_mail_and_leads_to_the_set_up(
    owner: Client, mailbox: ResendStandIn, staff_user: User
) -> None:
    assert owner.post("/en/team/invite/", INVITED).status_code == 302
    invited = User.objects.get(email="colleague@example.org")
    assert (invited.role, invited.practice_id) == ("staff", staff_user.practice_id)
    assert not invited.has_usable_password()
    newcomer = Client()
    answer = newcomer.post(link_mailed_to(invited, mailbox))
    assert answer.headers["Location"] == "/de/set-up/"
    with practice_scope(staff_user.practice_id):
        entry = Entry.objects.get(action=Action.STAFF_INVITED)
    assert (entry.actor_id, entry.object_id) == (staff_user.pk, invited.handle)


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": ""},
        {"email": "no address"},
        {"email": "STAFF@example.org"},
        {"role": "admin"},
        {"role": ""},
    ],
)
def test_an_invitation_that_cannot_be_is_explained(owner: Client, wrong: dict[str, str]) -> None:
    page = owner.post("/en/team/invite/", INVITED | wrong)
    assert page.status_code == 422
    assert next(iter(wrong)) in page.context["form"].errors
    assert User.objects.count() == 1


def test_a_colleague_who_lost_a_device_begins_anew(
    client: Client, mailbox: ResendStandIn, with_app: WithApp, staff_user: User
) -> None:
    client.force_login(with_app.user)
    second = colleague_of(staff_user, "owner")
    theirs = Client()
    theirs.force_login(second)
    theirs.post(f"/en/team/{staff_user.pk}/invite/")
    assert is_inside(client)
    newcomer = Client()
    path = link_mailed_to(staff_user, mailbox)
    assert newcomer.post(path).headers["Location"] == "/de/set-up/"
    assert not is_inside(client)


def test_nobody_invites_themselves_anew(owner: Client, staff_user: User) -> None:
    owner.post(f"/en/team/{staff_user.pk}/invite/")
    assert not SignInLink.objects.exists()


def test_a_role_changes_what_somebody_may_at_once(owner: Client, staff_user: User) -> None:
    colleague, theirs = colleague_of(staff_user), Client()
    theirs.force_login(colleague)
    assert theirs.get("/en/team/").status_code == 403
    owner.post(f"/en/team/{colleague.pk}/role/", {"role": "owner"})
    assert theirs.get("/en/team/").status_code == 200


def test_somebody_sent_away_is_out_at_once_and_may_come_back(
    owner: Client, staff_user: User
) -> None:
    colleague, theirs = colleague_of(staff_user), Client()
    theirs.force_login(colleague)
    owner.post(f"/en/team/{colleague.pk}/active/", {"active": "0"})
    assert not is_inside(theirs)
    owner.post(f"/en/team/{colleague.pk}/active/", {"active": "1"})
    assert not is_inside(theirs)
    theirs.force_login(User.objects.get(pk=colleague.pk))
    assert is_inside(theirs)


@pytest.mark.parametrize(
    ("act", "form"), [("role", {"role": "staff"}), ("active", {"active": "0"})]
)
def test_the_last_owner_stays(
    owner: Client, staff_user: User, act: str, form: dict[str, str]
) -> None:
    colleague_of(staff_user)
    page = owner.post(f"/en/team/{staff_user.pk}/{act}/", form, follow=True)
    assert "at least one owner" in page.content.decode()
    staff_user.refresh_from_db()
    assert (staff_user.role, staff_user.is_active) == ("owner", True)


@pytest.mark.usefixtures("committed")
def test_of_two_owners_who_leave_at_the_same_moment_one_stays() -> None:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    owners = [
        User.objects.create(email=f"{n}@example.org", practice=practice, role="owner")
        for n in range(2)
    ]

    def leave(user: User) -> bool:
        try:
            with practice_scope(practice.pk):
                deactivate(user, by=user)
        except LastOwner:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(leave, owners)) == [False, True]


def test_an_inactive_owner_does_not_count(staff_user: User) -> None:
    second = colleague_of(staff_user, "owner")
    User.objects.filter(pk=second.pk).update(is_active=False)
    with practice_scope(staff_user.practice_id), pytest.raises(LastOwner):
        change_role(staff_user, "staff", by=staff_user)


@pytest.mark.parametrize("act", ["invite", "role", "active"])
def test_nobody_acts_on_another_practice_s_staff(
    owner: Client, other_practice: Practice, act: str
) -> None:
    theirs = User.objects.create(email="t@example.org", practice=other_practice, role="owner")
    answer = owner.post(f"/en/team/{theirs.pk}/{act}/", {"role": "reader", "active": "0"})
    assert answer.status_code == 404
    theirs.refresh_from_db()
    assert (theirs.role, theirs.is_active) == ("owner", True)


def test_the_page_shows_one_s_own_colleagues_only(
    owner: Client, staff_user: User, other_practice: Practice
) -> None:
    User.objects.create(email="theirs@example.org", practice=other_practice)
    colleague_of(staff_user)
    rows: list[dict[str, Any]] = owner.get("/en/team/").context["colleagues"]
    assert [row["user"].email for row in rows] == ["colleague@example.org", "staff@example.org"]


def test_the_command_invites_a_first_owner(practice: Practice, mailbox: ResendStandIn) -> None:
    call_command("invite", str(practice.pk), "owner@example.org")
    user = User.objects.get(email="owner@example.org")
    assert user.is_owner
    assert link_mailed_to(user, mailbox).startswith("/de/enter/")
    with pytest.raises(CommandError, match="already"):
        call_command("invite", str(practice.pk), "OWNER@example.org")


@pytest.mark.parametrize(
    ("practice_id", "email", "why"),
    [("4711", "owner@example.org", "no practice"), (None, "nonsense", "address")],
)
def test_the_command_says_what_is_wrong(
    practice: Practice, practice_id: str | None, email: str, why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("invite", practice_id or str(practice.pk), email)


def test_a_practice_invites_so_many_a_day_and_no_more(
    owner: Client, staff_user: User, settings: Settings
) -> None:
    settings.INVITATIONS_PER_DAY = 2
    assert owner.post("/en/team/invite/", INVITED).status_code == 302
    (invited,) = User.objects.exclude(pk=staff_user.pk)
    again = f"/en/team/{invited.pk}/invite/"
    assert "on its way" in owner.post(again, follow=True).content.decode()
    page = owner.post("/en/team/invite/", INVITED | {"email": "second@example.org"})
    assert page.status_code == 429
    assert "2 invitations a day" in page.content.decode()
    assert "2 invitations a day" in owner.post(again, follow=True).content.decode()
    assert User.objects.count() == 2
    with practice_scope(staff_user.practice_id):
        mails = StaffMail.objects.filter(kind="invitation")
        assert mails.count() == 2
        mails.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    assert "on its way" in owner.post(again, follow=True).content.decode()


def test_the_operator_invites_past_a_practice_s_own_limit(
    owner: Client, staff_user: User, settings: Settings
) -> None:
    settings.INVITATIONS_PER_DAY = 0
    assert owner.post("/en/team/invite/", INVITED).status_code == 429
    call_command("invite", str(staff_user.practice_id), INVITED["email"], stdout=io.StringIO())
    assert User.objects.filter(email=INVITED["email"]).exists()
